"""Whether the machines work, for people: which queues are served, which circuit breakers are open, what is broken."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from demeter.alerts.changes import last_raised_alerts
from demeter.beat import BEAT
from demeter.choices import BreakerState
from demeter.health import QUEUES
from demeter.models import Alert, CircuitBreaker, WorkerHeartbeat


@dataclass(frozen=True)
class QueueState:
    """A queue, and how many living workers serve it."""

    name: str
    workers: int


@dataclass(frozen=True)
class ServiceState:
    """What the rows say of the machines.

    queues: all that must be served, beat included. breakers: those that do not let every call through. alerts: what
    people were told is broken, and is still. workers: the living ones, by name.
    """

    queues: list[QueueState]
    breakers: list[CircuitBreaker]
    alerts: list[Alert]
    workers: list[WorkerHeartbeat]

    @property
    def unserved(self) -> list[str]:
        """Queues without a worker: what is sent there waits."""
        return [queue.name for queue in self.queues if not queue.workers]

    @property
    def is_interrupted(self) -> bool:
        """Whether photos are taken in but something that counts them, or keeps them, does not work."""
        return bool(self.unserved or self.breakers)


def service_state(now: datetime) -> ServiceState:
    """The state of the machines. Three queries of small tables, however much waits."""
    workers = list(WorkerHeartbeat.objects.alive(now).order_by("worker"))
    served = Counter(queue for worker in workers for queue in worker.queues)
    tripped = CircuitBreaker.objects.filter(name__in=settings.CIRCUIT_BREAKERS)
    return ServiceState(
        queues=[QueueState(name, served[name]) for name in (*QUEUES, BEAT)],
        breakers=list(tripped.exclude(state=BreakerState.CLOSED)),
        alerts=list(last_raised_alerts()),
        workers=workers,
    )
