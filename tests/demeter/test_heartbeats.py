"""Signs of life of the workers."""

from datetime import timedelta

import pytest
from django.utils import timezone

from demeter.heartbeats import HeartbeatThread, delete_stale_workers, queues_without_worker, record_heartbeat
from demeter.models import WorkerHeartbeat
from demeter.querysets import SILENT_AFTER
from tests.support.waiting import reached


def heard_of(worker: str, queue: str, *, ago: timedelta) -> None:
    moment = timezone.now() - ago
    WorkerHeartbeat.objects.create(worker=worker, queues=[queue], started_at=moment, beat_at=moment)


@pytest.mark.django_db
def test_a_queue_counts_as_served_only_while_its_worker_is_heard_of() -> None:
    heard_of("nave-pc:1", "gpu_queue", ago=timedelta(seconds=5))
    heard_of("nave-pc:2", "cpu_queue", ago=SILENT_AFTER + timedelta(seconds=1))
    assert queues_without_worker(["gpu_queue", "cpu_queue", "io_queue"]) == ["cpu_queue", "io_queue"]


@pytest.mark.django_db
def test_a_worker_that_beats_again_keeps_one_row() -> None:
    started_at = timezone.now() - timedelta(hours=1)
    record_heartbeat(worker="nave-pc:1", queues=["io_queue"], started_at=started_at)
    first = WorkerHeartbeat.objects.get()
    record_heartbeat(worker="nave-pc:1", queues=["io_queue"], started_at=started_at)
    row = WorkerHeartbeat.objects.get()
    assert row.beat_at > first.beat_at
    assert (row.queues, row.started_at) == (["io_queue"], started_at)


@pytest.mark.django_db
def test_only_silent_workers_are_forgotten() -> None:
    heard_of("nave-pc:1", "gpu_queue", ago=timedelta(seconds=5))
    heard_of("nave-pc:2", "gpu_queue", ago=SILENT_AFTER + timedelta(seconds=1))
    assert delete_stale_workers() == 1
    assert [row.worker for row in WorkerHeartbeat.objects.all()] == ["nave-pc:1"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_thread_beats_until_it_is_stopped_and_takes_its_row_away() -> None:
    thread = HeartbeatThread(worker="nave-pc:7", queues=["gpu_queue"], every_s=0.05)
    thread.start()
    try:
        assert reached(lambda: queues_without_worker(["gpu_queue"]) == [])
        first = WorkerHeartbeat.objects.get().beat_at
        assert reached(lambda: WorkerHeartbeat.objects.get().beat_at > first)
    finally:
        thread.stop()
    assert not thread.is_alive()
    assert not WorkerHeartbeat.objects.exists()
