"""What is done for processes that died or hang, with real processes and real rows."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from demeter import watchdog as module
from demeter.heartbeats import record_heartbeat
from demeter.models import WorkerHeartbeat
from demeter.supervisor import ProcessSpec, Supervisor
from demeter.watchdog import Watchdog
from photos.choices import StepKind, StepStatus
from photos.models import Image, ProcessingStep, UploadSession
from photos.services.steps.claims import claim_step
from tests.inventory.factories import UserFactory
from tests.support.waiting import is_running, reached

pytestmark = pytest.mark.django_db

HERE = socket.gethostname()
ENDED = "it is ended"  # in the log
SLEEPER = (sys.executable, "-c", "import signal; signal.pause()")
# A worker with a child that does its work, as a prefork pool has them. It takes no note of the child's death.
PARENT_PROGRAM = """
import signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print(child.pid, flush=True)
signal.pause()
"""
PARENT = (sys.executable, "-c", PARENT_PROGRAM)


@pytest.fixture(autouse=True)
def _look_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS_EVERY_S", 0.0)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    specs = [ProcessSpec("worker-gpu", SLEEPER), ProcessSpec("worker-cpu", PARENT)]
    with Supervisor(specs, log_dir=tmp_path, grace_s=0.5) as running:
        yield running


@pytest.fixture
def watchdog(supervisor: Supervisor) -> Watchdog:
    watchdog = Watchdog(supervisor)
    watchdog.check()
    return watchdog


@pytest.fixture
def image() -> Image:
    user = UserFactory()
    image: Image = Image.objects.create(
        upload_session=UploadSession.objects.create(user=user),
        uploaded_by=user,
        original_filename="claro.jpg",
        content_type="image/jpeg",
        file_size_bytes=1,
        sha256="0" * 64,
        width_px=1,
        height_px=1,
        taken_at=timezone.now(),
        staging_key="claro.jpg",
        original_key="claro.jpg",
    )
    return image


def held_by(worker: str, image: Image, kind: StepKind = StepKind.DRAW, **changes: Any) -> ProcessingStep:
    """A step that a process holds for a minute more."""
    step = ProcessingStep.objects.create(image=image, kind=kind, key=f"{worker} {kind}")
    assert claim_step(step.pk) is not None
    ProcessingStep.objects.filter(pk=step.pk).update(worker=worker, **changes)
    return ProcessingStep.objects.get(pk=step.pk)


def pid_of(supervisor: Supervisor, name: str = "worker-gpu") -> int:
    pid = supervisor.pid(name)
    assert pid is not None
    return pid


def state_of(step: ProcessingStep) -> tuple[str, int]:
    step.refresh_from_db()
    return step.status, step.losses


def die(supervisor: Supervisor, pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    assert reached(lambda: not is_running(pid))
    supervisor.keep_running()


LATE = timezone.now() - timedelta(days=1)


def test_what_a_dead_worker_held_is_given_back_and_sent_at_once(
    supervisor: Supervisor, watchdog: Watchdog, image: Image
) -> None:
    pid = pid_of(supervisor)
    step, of_another_host = held_by(f"{HERE}:{pid}", image), held_by(f"another-host:{pid}", image)
    watchdog.check()
    assert state_of(step) == (StepStatus.RUNNING, 0)
    die(supervisor, pid)
    watchdog.check()
    assert state_of(step) == (StepStatus.PENDING, 1)
    assert state_of(of_another_host) == (StepStatus.RUNNING, 0)


def test_a_dead_child_of_a_living_worker_is_noticed_too(
    supervisor: Supervisor, watchdog: Watchdog, image: Image, tmp_path: Path
) -> None:
    log = tmp_path / "worker-cpu.log"
    assert reached(lambda: log.read_text().endswith("\n"))
    child = int(log.read_text())
    watchdog.check()
    step = held_by(f"{HERE}:{child}", image)
    die(supervisor, child)
    watchdog.check()
    assert is_running(pid_of(supervisor, "worker-cpu"))
    assert state_of(step) == (StepStatus.PENDING, 1)


def test_a_database_that_is_away_is_asked_again(
    supervisor: Supervisor, watchdog: Watchdog, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = pid_of(supervisor)
    step = held_by(f"{HERE}:{pid}", image)
    free_claims = module.free_claims

    def away(*_: Any) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(module, "free_claims", away)
    die(supervisor, pid)
    watchdog.check()
    assert state_of(step) == (StepStatus.RUNNING, 0)
    monkeypatch.setattr(module, "free_claims", free_claims)
    watchdog.check()
    assert state_of(step) == (StepStatus.PENDING, 1)


def test_what_was_held_when_everything_is_stopped_is_given_back(
    supervisor: Supervisor, watchdog: Watchdog, image: Image
) -> None:
    step = held_by(f"{HERE}:{pid_of(supervisor)}", image)
    supervisor.stop()
    watchdog.stop()
    assert state_of(step) == (StepStatus.PENDING, 1)


def test_a_process_past_the_deadline_of_its_step_is_ended_when_it_is_seen_so_twice(
    supervisor: Supervisor, watchdog: Watchdog, image: Image, caplog: pytest.LogCaptureFixture
) -> None:
    pid = pid_of(supervisor)
    held_by(f"{HERE}:{pid}", image, deadline_at=LATE)
    watchdog.check()
    assert ENDED not in caplog.text
    watchdog.check()
    assert reached(lambda: not is_running(pid))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="it works within its time"),
        pytest.param({"deadline_at": LATE, "worker": "another-host:1"}, id="another machine holds it"),
        pytest.param({"deadline_at": LATE, "status": StepStatus.DONE}, id="it has ended"),
        pytest.param({"deadline_at": LATE, "status": StepStatus.PENDING}, id="it was put back"),
        pytest.param(
            {"deadline_at": LATE, "kind": StepKind.UPLOAD_THUMBNAIL}, id="one of many threads of the process"
        ),
    ],
)
def test_other_processes_are_left_alone(
    supervisor: Supervisor,
    watchdog: Watchdog,
    image: Image,
    changes: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    step = held_by(f"{HERE}:{pid_of(supervisor)}", image)
    ProcessingStep.objects.filter(pk=step.pk).update(**changes)
    for _again in range(3):
        watchdog.check()
    assert ENDED not in caplog.text


def test_a_worker_whose_sign_of_life_stands_still_is_started_again(
    supervisor: Supervisor, watchdog: Watchdog, settings: Any
) -> None:
    frozen, living = pid_of(supervisor), pid_of(supervisor, "worker-cpu")
    for pid in (frozen, living):
        record_heartbeat(worker=f"{HERE}:{pid}", queues=["gpu_queue"], started_at=timezone.now())
    os.kill(frozen, signal.SIGSTOP)
    watchdog.check()
    settings.WORKER_FROZEN_AFTER_S = 0.0
    record_heartbeat(worker=f"{HERE}:{living}", queues=["gpu_queue"], started_at=timezone.now())
    watchdog.check()
    assert reached(lambda: not is_running(frozen))
    assert is_running(living)
    assert reached(lambda: supervisor.keep_running() or supervisor.pid("worker-gpu") not in (None, frozen))


def test_the_row_of_a_frozen_worker_may_be_forgotten_meanwhile(
    supervisor: Supervisor, watchdog: Watchdog, settings: Any
) -> None:
    pid = pid_of(supervisor)
    record_heartbeat(worker=f"{HERE}:{pid}", queues=["gpu_queue"], started_at=timezone.now())
    watchdog.check()
    WorkerHeartbeat.objects.all().delete()
    settings.WORKER_FROZEN_AFTER_S = 0.0
    watchdog.check()
    assert reached(lambda: not is_running(pid))


def test_after_an_outage_of_the_database_signs_of_life_are_waited_for_anew(
    supervisor: Supervisor,
    watchdog: Watchdog,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    pid = pid_of(supervisor)
    record_heartbeat(worker=f"{HERE}:{pid}", queues=["gpu_queue"], started_at=timezone.now())
    watchdog.check()
    past_deadline = watchdog._past_deadline

    def away() -> set[int]:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(watchdog, "_past_deadline", away)
    watchdog.check()
    monkeypatch.setattr(watchdog, "_past_deadline", past_deadline)
    settings.WORKER_FROZEN_AFTER_S = 0.0
    watchdog.check()  # the row is as old as the outage: that says nothing yet
    assert ENDED not in caplog.text
    watchdog.check()
    assert ENDED in caplog.text
    assert reached(lambda: not is_running(pid))


def test_a_process_that_has_not_given_a_sign_of_life_is_starting(
    watchdog: Watchdog, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.WORKER_FROZEN_AFTER_S = 0.0
    for _again in range(3):
        watchdog.check()
    assert ENDED not in caplog.text


def test_whatever_goes_wrong_the_watch_goes_on(
    watchdog: Watchdog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(watchdog, "_free_claims", break_down)
    watchdog.check()
    assert "The watch over the processes failed" in caplog.text
