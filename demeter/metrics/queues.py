"""What waits, since when, and who is there to do it: by rows, which are true also while the broker is away."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from demeter.choices import BreakerState
from demeter.health import QUEUES
from demeter.models import CircuitBreaker, WorkerHeartbeat
from mlpipeline.classifier.models import Prediction
from mlpipeline.classifier.services.predictions import QUEUE as PREDICTION_QUEUE
from photos.services.steps.waiting_steps import WaitingSteps, waiting_steps

_SERVED: Final = (*QUEUES, "beat")
_BREAKER_STATES: Final = {BreakerState.CLOSED: 0.0, BreakerState.HALF_OPEN: 1.0, BreakerState.OPEN: 2.0}


def waiting_jobs(now: datetime) -> dict[str, WaitingSteps]:
    """What waits, by queue, from two queries."""
    found = {queue: WaitingSteps() for queue in QUEUES} | waiting_steps(now)
    asked = (
        Prediction.objects.claimable(now).order_by().aggregate(number=Count("pk"), first=Min("created_at"))
    )
    if asked["number"]:
        found[PREDICTION_QUEUE].add(asked["number"], asked["first"], now)
    return found


def queue_metrics() -> Iterator[Metric]:
    """What waits, and for how long."""
    waiting = waiting_jobs(timezone.now())
    numbers = {queue: jobs.number for queue, jobs in waiting.items()}
    ages = {queue: jobs.oldest_s for queue, jobs in waiting.items()}
    yield _by_queue("queue_waiting_jobs", "Jobs of a queue that no worker has begun.", numbers)
    yield _by_queue("oldest_waiting_job_seconds", "How long the oldest of them has waited.", ages)


def breaker_metrics() -> Iterator[Metric]:
    """The states of the circuit breakers, from their rows. One that never opened may have none: it is closed."""
    states = dict.fromkeys(settings.CIRCUIT_BREAKERS, _BREAKER_STATES[BreakerState.CLOSED])
    states |= {
        row.name: _BREAKER_STATES[BreakerState(row.state)]
        for row in CircuitBreaker.objects.filter(name__in=states)
    }
    family = GaugeMetricFamily(
        "circuit_breaker_state",
        "Whether calls of a service are let through: 0 closed, 1 half-open (one probes), 2 open.",
        labels=["name"],
    )
    for name, state in states.items():
        family.add_metric([name], state)
    yield family


def worker_metrics() -> Iterator[Metric]:
    """Who lives, and the memory that they hold, from their signs of life."""
    served: dict[str, int] = dict.fromkeys(_SERVED, 0)
    resident = GaugeMetricFamily(
        "worker_resident_memory_bytes", "Memory that a worker process holds.", labels=["worker", "queues"]
    )
    reserved = GaugeMetricFamily(
        "worker_gpu_reserved_bytes",
        "GPU memory that a worker has reserved, where it has one.",
        labels=["worker"],
    )
    for row in WorkerHeartbeat.objects.alive(timezone.now()):
        for queue in row.queues:
            served[queue] = served.get(queue, 0) + 1
        if row.resident_bytes is not None:
            resident.add_metric([row.worker, " ".join(row.queues)], row.resident_bytes)
        if row.gpu_reserved_bytes is not None:
            reserved.add_metric([row.worker], row.gpu_reserved_bytes)
    yield _by_queue("queue_workers", "Workers that live and serve a queue.", served)
    yield resident
    yield reserved


def _by_queue(name: str, text: str, values: dict[str, int] | dict[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=["queue"])
    for queue, value in values.items():
        family.add_metric([queue], value)
    return family
