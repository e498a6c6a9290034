"""Beat sends what is due and writes that it lives."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from celery.schedules import schedule
from django.db import DatabaseError
from django.utils import timezone

from demeter import beat as module
from demeter.beat import BEAT, HeartbeatScheduler
from demeter.heartbeats import BEAT_EVERY_S, queues_without_worker
from demeter.models import WorkerHeartbeat


@pytest.fixture
def scheduler(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HeartbeatScheduler:
    monkeypatch.setattr("django.db.connection.close", lambda: None)  # the test's own
    return HeartbeatScheduler(current_app, schedule_filename=str(tmp_path / "schedule"), lazy=True)


def test_it_is_the_scheduler_that_celery_starts() -> None:
    assert current_app.conf.beat_scheduler == "demeter.beat:HeartbeatScheduler"


def test_each_round_is_a_sign_of_life_and_the_next_comes_soon(scheduler: HeartbeatScheduler) -> None:
    scheduler.setup_schedule()
    assert scheduler.tick() <= BEAT_EVERY_S
    assert queues_without_worker([BEAT]) == []
    WorkerHeartbeat.objects.update(beat_at=timezone.now() - timedelta(minutes=1))
    assert queues_without_worker([BEAT]) == [BEAT]
    scheduler._next_beat = 0.0  # as BEAT_EVERY_S later
    scheduler.tick()
    assert queues_without_worker([BEAT]) == []
    scheduler.close()
    assert not WorkerHeartbeat.objects.exists()


def test_a_database_that_is_away_stops_no_sweep(
    scheduler: HeartbeatScheduler, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(**fields: Any) -> None:
        raise DatabaseError("postgres://demeter:secret@10.0.0.5")

    monkeypatch.setattr(module, "record_heartbeat", away)
    scheduler.setup_schedule()
    assert scheduler.tick() <= BEAT_EVERY_S
    assert "could not be written: DatabaseError" in caplog.text
    scheduler.close()


def is_due_in_time(scheduler: HeartbeatScheduler) -> list[bool]:
    """Whether each entry is due again within its own time from now on."""
    entries = [entry for entry in scheduler.schedule.values() if isinstance(entry.schedule, schedule)]
    return [entry.is_due().next <= entry.schedule.run_every.total_seconds() for entry in entries]


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_clock_that_is_set_back_stops_no_sweep(
    scheduler: HeartbeatScheduler, monkeypatch: pytest.MonkeyPatch, is_restarted: bool
) -> None:
    app = current_app._get_current_object()
    now = app.now
    with monkeypatch.context() as ahead:
        ahead.setattr(app, "now", lambda: now() + timedelta(days=1))
        scheduler.setup_schedule()
        scheduler.tick()
        for entry in list(scheduler.schedule.values()):
            scheduler.reserve(entry)  # it runs
    if is_restarted:
        file = scheduler.schedule_filename
        scheduler.close()
        scheduler = HeartbeatScheduler(current_app, schedule_filename=file, lazy=True)
        scheduler.setup_schedule()
    assert False in is_due_in_time(scheduler)
    scheduler.tick()
    assert set(is_due_in_time(scheduler)) == {True}
    scheduler.close()
