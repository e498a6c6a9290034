"""Which processes one machine runs, and which of them are ended from outside."""

import os
import socket

import pytest
from django.conf import settings

from demeter.health import QUEUES
from demeter.port_check import PortInUse
from demeter.stack import CLASSIFIER_UI, PROCESS_NAMES, run_stack, stack_processes


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
    assert [spec.name for spec in specs] == [*PROCESS_NAMES, CLASSIFIER_UI]
    threads = {spec.name: int(spec.env["OMP_NUM_THREADS"]) for spec in specs}
    assert threads.pop("worker-gpu") == len(os.sched_getaffinity(0))
    assert set(threads.values()) == {1}


@pytest.mark.django_db
def test_workers_leave_the_processor_to_whoever_waits_for_an_answer() -> None:
    commands = {spec.name: spec.command for spec in stack_processes(host="127.0.0.1", port=8000)}
    yielding = {name for name, command in commands.items() if command[:3] == ("nice", "-n", "10")}
    assert yielding == {name for name in PROCESS_NAMES if name.startswith("worker-")}


@pytest.mark.django_db
def test_a_port_of_the_classifiers_page_in_use_is_said_before_anything_starts() -> None:
    events: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(PortInUse):
        run_stack(
            host="127.0.0.1",
            port=8000,
            on_event=events.append,
            is_stopping=lambda: True,
            only=[CLASSIFIER_UI],
            classifier_port=taken.getsockname()[1],
        )
    assert events == []
