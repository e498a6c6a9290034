"""The steps that no worker has begun, by the queue that they wait in."""

from dataclasses import dataclass
from datetime import datetime

from celery import current_app
from django.db.models import Count, Min

from photos.choices import StepStatus
from photos.models import ProcessingStep


@dataclass
class WaitingSteps:
    """Steps that wait in one queue. oldest_s: how long the first of them has waited; 0 without any."""

    number: int = 0
    oldest_s: float = 0.0

    def add(self, number: int, first: datetime, now: datetime) -> None:
        """Count further work that waits in this queue, the first of it since `first`."""
        self.number += number
        self.oldest_s = max(self.oldest_s, (now - first).total_seconds())


def waiting_steps(now: datetime) -> dict[str, WaitingSteps]:
    """What waits, by queue; queues without any are left out. One query, of open steps alone.

    What waits for other steps waits for no worker: a backlog of detections is no trouble of the queue that sums up.
    """
    found: dict[str, WaitingSteps] = {}
    waiting = ProcessingStep.objects.filter(status=StepStatus.PENDING).unblocked().with_waiting_since()
    by_kind = waiting.values("kind").annotate(number=Count("pk"), first=Min("waiting_since"))
    for row in by_kind.order_by():
        of_queue = found.setdefault(_queue_of(row["kind"]), WaitingSteps())
        of_queue.add(row["number"], row["first"], now)
    return found


def _queue_of(kind: str) -> str:
    """The queue of a kind of step, whose value is the name of its task."""
    return str(current_app.amqp.router.route({}, kind)["queue"].name)
