"""Looking for what people are to be told: circuit breakers, queues that nobody serves, jobs that wait for long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from pybreaker import STATE_CLOSED

from demeter.alerts.changes import Raised, raised_alerts, record_change
from demeter.beat import BEAT
from demeter.breakers.breaker import follow_row
from demeter.choices import AlertKind
from demeter.health import QUEUES
from demeter.heartbeats import queues_without_worker
from demeter.metrics.queues import waiting_jobs
from demeter.models import Alert, CircuitBreaker, QueueWatch

# Who looks after a longer pause (all was off, or asleep) cannot know how long a queue has been without a worker.
_PAUSE: Final = timedelta(seconds=60)
# An old job is told to be over when the oldest is much younger: else it would be told at each job that is begun.
_WELL_AGAIN: Final = 0.5


@dataclass(frozen=True)
class _Finding:
    """What one look says of one thing: whether it is broken, with what people are told of it."""

    kind: AlertKind
    subject: str
    is_broken: bool
    details: dict[str, Any]


def record_changes(now: datetime | None = None) -> list[Alert]:
    """Write an alert for each change since the last look. Called by several processes, each change is written once."""
    now = now or timezone.now()
    raised = raised_alerts()
    findings = [*_breakers(), *_queues(now, raised), *_old_jobs(now, raised)]
    changes = [found for found in findings if found.is_broken != ((found.kind, found.subject) in raised)]
    alerts = [
        record_change(found.kind, found.subject, is_raised=found.is_broken, details=found.details)
        for found in changes
    ]
    return [alert for alert in alerts if alert is not None]


def _breakers() -> Iterator[_Finding]:
    for name in settings.CIRCUIT_BREAKERS:
        follow_row(name)
    for row in CircuitBreaker.objects.filter(name__in=settings.CIRCUIT_BREAKERS):
        details = {"since": row.changed_at.isoformat(), "faults": row.faults, "fault": row.last_fault}
        yield _Finding(AlertKind.BREAKER, row.name, row.state != STATE_CLOSED, details)


def _queues(now: datetime, raised: Raised) -> Iterator[_Finding]:
    names = [*QUEUES, BEAT]
    unserved = set(queues_without_worker(names))
    watches = {watch.queue: watch for watch in QueueWatch.objects.filter(queue__in=names)}
    served_at = {
        name: watch.served_at if name in unserved and now - watch.looked_at <= _PAUSE else now
        for name, watch in watches.items()
    }
    QueueWatch.objects.bulk_create(
        [QueueWatch(queue=name, served_at=now, looked_at=now) for name in names if name not in watches],
        ignore_conflicts=True,
    )
    renewed = [name for name, when in served_at.items() if when == now]
    QueueWatch.objects.filter(queue__in=renewed).update(served_at=now, looked_at=now)
    QueueWatch.objects.filter(queue__in=served_at.keys() - set(renewed)).update(looked_at=now)
    for name in names:
        seconds = (now - served_at.get(name, now)).total_seconds()
        is_long = seconds >= settings.ALERT_QUEUE_WITHOUT_WORKER_S
        is_broken = name in unserved and (is_long or (AlertKind.QUEUE_WITHOUT_WORKER, name) in raised)
        yield _Finding(AlertKind.QUEUE_WITHOUT_WORKER, name, is_broken, {"seconds": round(seconds)})


def _old_jobs(now: datetime, raised: Raised) -> Iterator[_Finding]:
    for queue, waiting in waiting_jobs(now).items():
        limit_s = settings.ALERT_OLD_JOB_S
        if (AlertKind.OLD_JOB, queue) in raised:
            limit_s *= _WELL_AGAIN
        details = {"seconds": round(waiting.oldest_s), "jobs": waiting.number}
        yield _Finding(AlertKind.OLD_JOB, queue, waiting.oldest_s > limit_s, details)
