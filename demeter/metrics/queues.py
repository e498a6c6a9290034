"""What waits, since when, and who is there to do it: by rows, which are true also while the broker is away."""

from collections.abc import Iterator
from typing import Final

from celery import current_app
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from demeter.health import QUEUES
from demeter.models import WorkerHeartbeat
from mlpipeline.classifier.models import Prediction
from mlpipeline.classifier.services.predictions import QUEUE as PREDICTION_QUEUE
from photos.choices import StepStatus
from photos.models import ProcessingStep

_SERVED: Final = (*QUEUES, "beat")


def queue_metrics() -> Iterator[Metric]:
    """Three families, from two queries."""
    now = timezone.now()
    waiting: dict[str, int] = dict.fromkeys(QUEUES, 0)
    oldest: dict[str, float] = dict.fromkeys(QUEUES, 0.0)
    by_kind = ProcessingStep.objects.filter(status=StepStatus.PENDING).values("kind")
    for row in by_kind.annotate(number=Count("pk"), first=Min("created_at")).order_by():
        queue = _queue_of(row["kind"])
        waiting[queue] += row["number"]
        oldest[queue] = max(oldest[queue], (now - row["first"]).total_seconds())
    asked = (
        Prediction.objects.claimable(now).order_by().aggregate(number=Count("pk"), first=Min("created_at"))
    )
    if asked["number"]:
        waiting[PREDICTION_QUEUE] += asked["number"]
        age_s = (now - asked["first"]).total_seconds()
        oldest[PREDICTION_QUEUE] = max(oldest[PREDICTION_QUEUE], age_s)
    yield _by_queue("queue_waiting_jobs", "Jobs of a queue that no worker has begun.", waiting)
    yield _by_queue("oldest_waiting_job_seconds", "How long the oldest of them has waited.", oldest)


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


def _queue_of(kind: str) -> str:
    """The queue of a kind of step, whose value is the name of its task."""
    return str(current_app.amqp.router.route({}, kind)["queue"].name)
