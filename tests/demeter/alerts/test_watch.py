"""What people are told of: a breaker that opens or closes, a queue without a worker, a job that waits for long."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from demeter.alerts import queue, rounds
from demeter.alerts.changes import record_change
from demeter.alerts.rounds import AlertKeeper, watch_and_notify
from demeter.alerts.watch import record_changes
from demeter.beat import BEAT
from demeter.choices import AlertKind
from demeter.health import QUEUES
from demeter.heartbeats import record_heartbeat
from demeter.models import Alert, CircuitBreaker, WorkerHeartbeat
from photos.models import ProcessingStep
from tests.photos.count_builders import store_photo

pytestmark = pytest.mark.django_db

ALL = [*QUEUES, BEAT]


@pytest.fixture
def everything_runs(db: None) -> None:
    record_heartbeat(worker="here:1", queues=ALL, started_at=timezone.now())
    assert record_changes() == []


def told() -> list[tuple[str, str, bool]]:
    return list(Alert.objects.order_by("pk").values_list("kind", "subject", "is_raised"))


def watch_for(start: datetime, seconds: int) -> None:
    """Look every ten seconds, as the sweep does, from a time on."""
    for second in range(0, seconds + 1, 10):
        record_changes(start + timedelta(seconds=second))


def test_a_breaker_is_told_once_when_it_opens_and_once_when_it_closes(everything_runs: None) -> None:
    row = CircuitBreaker.objects.create(name="store", state="open", faults=5, last_fault="ReadTimeoutError")
    for state in ("open", "half-open", "open", "open", "closed", "closed"):
        CircuitBreaker.objects.update(state=state)
        record_changes()
    assert told() == [("breaker", "store", True), ("breaker", "store", False)]
    details = Alert.objects.earliest("pk").details
    assert (details["fault"], details["since"]) == ("ReadTimeoutError", row.changed_at.isoformat())


def test_a_queue_is_told_after_two_minutes_without_a_worker_and_when_it_has_one_again(
    everything_runs: None,
) -> None:
    now = timezone.now()
    WorkerHeartbeat.objects.update(queues=[name for name in ALL if name != "gpu_queue"])
    watch_for(now, 110)
    assert told() == []
    watch_for(now + timedelta(seconds=120), 600)
    assert told() == [("queue_without_worker", "gpu_queue", True)]
    WorkerHeartbeat.objects.update(queues=ALL)
    record_changes(now + timedelta(seconds=730))
    assert told()[1:] == [("queue_without_worker", "gpu_queue", False)]


def test_after_a_night_in_which_all_was_off_nobody_is_told(everything_runs: None) -> None:
    WorkerHeartbeat.objects.all().delete()
    morning = timezone.now() + timedelta(hours=9)
    watch_for(morning, 60)
    assert told() == []


def test_a_beat_that_is_gone_is_told_like_a_queue(everything_runs: None) -> None:
    WorkerHeartbeat.objects.update(queues=list(QUEUES))
    watch_for(timezone.now(), 150)
    assert told() == [("queue_without_worker", "beat", True)]


def test_a_job_that_waits_for_ten_minutes_is_told_and_when_the_oldest_is_young_again(
    everything_runs: None, worker: Any
) -> None:
    image = store_photo(worker)
    ProcessingStep.objects.all().delete()
    step = ProcessingStep.objects.create(image=image, kind="upload_original", key="k")
    created = step.created_at
    record_changes(created + timedelta(seconds=599))
    assert told() == []
    record_changes(created + timedelta(seconds=601))
    record_changes(created + timedelta(seconds=900))
    assert told() == [("old_job", "io_queue", True)]
    ProcessingStep.objects.update(created_at=created + timedelta(seconds=310))
    record_changes(created + timedelta(seconds=900))  # 590 s: not yet young
    assert len(told()) == 1
    ProcessingStep.objects.all().delete()
    record_changes(created + timedelta(seconds=910))
    assert told()[1:] == [("old_job", "io_queue", False)]


def test_several_who_notice_a_change_write_it_once(
    everything_runs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both read that nothing was told yet; the number of the change keeps the second from telling it again."""
    record_change(AlertKind.BREAKER, "store", is_raised=True, details={})
    with monkeypatch.context() as patch:
        patch.setattr("demeter.alerts.changes._last", lambda kind, subject: None)
        assert record_change(AlertKind.BREAKER, "store", is_raised=True, details={}) is None
    assert told() == [("breaker", "store", True)]


def test_a_breaker_that_is_due_is_probed_by_a_task(
    everything_runs: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CIRCUIT_BREAKER_STATE = "database"
    sent = []
    monkeypatch.setattr(queue.current_app, "send_task", lambda name, **_: sent.append(name))
    now = timezone.now()
    CircuitBreaker.objects.create(name="store", state="open", opened_at=now - timedelta(seconds=61))
    CircuitBreaker.objects.create(name="model", state="open", opened_at=now - timedelta(seconds=61))
    watch_and_notify()
    assert sent == ["upload_probe"]  # the model's is open for five minutes


def test_the_supervisors_own_watch_looks_only_while_nobody_else_does(
    everything_runs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    monkeypatch.setattr(rounds, "watch_and_notify", lambda: made.append(1))
    keeper = AlertKeeper()
    keeper.check()
    assert made == []
    WorkerHeartbeat.objects.all().delete()
    keeper.check()
    assert made == [1]


def test_a_look_at_which_nothing_changed_asks_a_fixed_number_of_questions(
    everything_runs: None, django_assert_num_queries: Any
) -> None:
    for number in range(20):
        record_change(AlertKind.TEST, str(number), is_raised=True, details={})
    with django_assert_num_queries(7):
        assert record_changes() == []
