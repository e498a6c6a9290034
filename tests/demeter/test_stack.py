"""Which processes one machine runs, and which of them are ended from outside."""

import os
import socket
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from demeter.health import QUEUES
from demeter.stack import PROCESS_NAMES, pids_past_deadline, stack_processes
from photos.choices import StepKind, StepStatus, TakenAtSource
from photos.models import Image, ProcessingStep, UploadSession
from photos.services.steps import claim_step
from tests.inventory.factories import UserFactory

HERE = socket.gethostname()


def option(command: tuple[str, ...], name: str) -> str:
    return command[command.index(name) + 1]


@pytest.mark.django_db
def test_each_queue_has_a_worker_with_the_pool_that_its_work_needs() -> None:
    workers = [
        spec.command for spec in stack_processes(host="127.0.0.1", port=8000) if "worker" in spec.command
    ]
    pools = {option(command, "-Q"): option(command, "--pool") for command in workers}
    assert pools == {"gpu_queue": "solo", "cpu_queue": "prefork", "io_queue": "threads", "default": "solo"}
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    assert routed <= set(pools)
    assert set(pools) == set(QUEUES)


@pytest.mark.django_db
def test_only_the_worker_of_the_models_takes_all_cores() -> None:
    specs = stack_processes(host="127.0.0.1", port=8000)
    assert [spec.name for spec in specs] == list(PROCESS_NAMES)
    threads = {spec.name: int(spec.env["OMP_NUM_THREADS"]) for spec in specs}
    assert threads.pop("worker-gpu") == len(os.sched_getaffinity(0))
    assert set(threads.values()) == {1}


@pytest.mark.django_db
def test_workers_leave_the_processor_to_whoever_waits_for_an_answer() -> None:
    commands = {spec.name: spec.command for spec in stack_processes(host="127.0.0.1", port=8000)}
    yielding = {name for name, command in commands.items() if command[:3] == ("nice", "-n", "10")}
    assert yielding == {name for name in PROCESS_NAMES if name.startswith("worker-")}


@pytest.fixture
def running_step(db: None) -> ProcessingStep:
    """A step that this very process has claimed."""
    user = UserFactory()
    image = Image.objects.create(
        upload_session=UploadSession.objects.create(user=user),
        uploaded_by=user,
        original_filename="claro.jpg",
        content_type="image/jpeg",
        file_size_bytes=1,
        sha256="0" * 64,
        width_px=1,
        height_px=1,
        taken_at=timezone.now(),
        taken_at_source=TakenAtSource.EXIF,
        staging_key="claro.jpg",
        original_key="claro.jpg",
    )
    step = ProcessingStep.objects.create(image=image, kind=StepKind.UPLOAD_THUMBNAIL, key="test:thumbnail")
    assert claim_step(step.pk) is not None
    return ProcessingStep.objects.get(pk=step.pk)


def test_a_process_that_works_within_its_time_is_left_alone(running_step: ProcessingStep) -> None:
    assert running_step.worker == f"{HERE}:{os.getpid()}"
    assert pids_past_deadline() == []


def test_a_process_past_the_deadline_of_its_step_is_named(running_step: ProcessingStep) -> None:
    ProcessingStep.objects.update(deadline_at=timezone.now() - timedelta(seconds=1))
    assert pids_past_deadline() == [os.getpid()]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"worker": "another-host:4711"}, id="it runs on another machine"),
        pytest.param({"status": StepStatus.DONE}, id="it has ended"),
        pytest.param({"status": StepStatus.PENDING}, id="it was put back"),
    ],
)
def test_a_process_is_not_named_for_a_step_that_it_does_not_hold(
    running_step: ProcessingStep, changes: dict[str, str]
) -> None:
    ProcessingStep.objects.update(deadline_at=timezone.now() - timedelta(seconds=1), **changes)
    assert pids_past_deadline() == []
