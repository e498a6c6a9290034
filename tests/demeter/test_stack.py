"""Which processes one machine runs, and which of them are ended from outside."""

import os
import socket
from typing import Any

import pytest
from celery.exceptions import QueueNotFound
from django.conf import settings
from django.db import connection

from demeter.celery import app
from demeter.health import QUEUES
from demeter.port_check import PortInUse
from demeter.stack import CLASSIFIER_UI, PROCESS_NAMES, WEB, run_stack, stack_processes


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
def test_how_many_tasks_a_machine_works_on_at_once_is_a_setting(settings: Any) -> None:
    def workers() -> dict[str, tuple[str, str]]:
        commands = {spec.name: spec.command for spec in stack_processes(host="127.0.0.1", port=8000)}
        return {
            name: (option(commands[name], "--pool"), option(commands[name], "-c"))
            for name in ("worker-cpu", "worker-io")
        }

    settings.CPU_WORKER_CONCURRENCY = settings.IO_WORKER_CONCURRENCY = 0
    io = "6" if connection.vendor == "sqlite" else "50"
    assert workers() == {
        "worker-cpu": ("prefork", str(len(os.sched_getaffinity(0)))),
        "worker-io": ("threads", io),
    }
    settings.CPU_WORKER_CONCURRENCY, settings.IO_WORKER_CONCURRENCY = 3, 70
    settings.IO_WORKER_POOL = "gevent"
    assert workers() == {"worker-cpu": ("prefork", "3"), "worker-io": ("gevent", "70")}


@pytest.mark.django_db
def test_no_page_waits_for_a_frozen_database_for_ever() -> None:
    specs = {spec.name: spec.env for spec in stack_processes(host="127.0.0.1", port=8000)}
    for name in (WEB, CLASSIFIER_UI):
        assert float(specs[name]["DATABASE_ANSWER_TIMEOUT_S"]) > 0, name


APPS = ("demeter", "inventory", "photos", "mlpipeline")
TASKS = {
    "process_photo_ml": ("gpu_queue", "solo"),
    "process_image": ("gpu_queue", "solo"),
    "detect_sahi": ("gpu_queue", "solo"),
    "detect_direct": ("gpu_queue", "solo"),
    "classify_pictures": ("gpu_queue", "solo"),
    "aggregate_results": ("cpu_queue", "prefork"),
    "draw_photo": ("cpu_queue", "prefork"),
    "upload_original": ("io_queue", "threads"),
    "upload_thumbnail": ("io_queue", "threads"),
    "upload_annotated": ("io_queue", "threads"),
    "upload_full_picture": ("io_queue", "threads"),
    "upload_classified": ("io_queue", "threads"),
    "upload_clear_old": ("io_queue", "threads"),
    "sweep_steps": ("default", "solo"),
    "sweep_expired": ("default", "solo"),
    "sweep_predictions": ("default", "solo"),
    "sweep_old_predictions": ("default", "solo"),
    "detect_probe": ("gpu_queue", "solo"),
    "upload_probe": ("io_queue", "threads"),
    "send_alert": ("io_queue", "threads"),
    "sweep_alerts": ("default", "solo"),
}


@pytest.mark.django_db
def test_every_task_has_its_queue_its_exchange_and_its_pool() -> None:
    app.loader.import_default_modules()
    pools = {
        option(spec.command, "-Q"): option(spec.command, "--pool")
        for spec in stack_processes(host="127.0.0.1", port=8000)
        if "worker" in spec.command
    }
    found = {}
    for name, task in app.tasks.items():
        if task.__module__.partition(".")[0] in APPS:  # Celery brings its own, and so may another test
            queue = app.amqp.router.route({}, name)["queue"]
            assert (queue.exchange.name, queue.exchange.type, queue.routing_key) == (
                queue.name,
                "direct",
                queue.name,
            )
            found[name] = (queue.name, pools[queue.name])
    assert found == TASKS


def test_a_queue_that_nobody_declared_is_refused() -> None:
    with pytest.raises(QueueNotFound):
        app.send_task("sweep_steps", queue="gpu")


@pytest.mark.django_db
def test_only_the_worker_of_the_models_takes_all_cores() -> None:
    specs = stack_processes(host="127.0.0.1", port=8000)
    assert [spec.name for spec in specs] == [*PROCESS_NAMES, CLASSIFIER_UI]
    threads = {spec.name: int(spec.env["OMP_NUM_THREADS"]) for spec in specs}
    assert threads.pop("worker-gpu") == len(os.sched_getaffinity(0))
    assert set(threads.values()) == {1}


@pytest.mark.django_db
@pytest.mark.parametrize(("workers", "threads"), [(2, 4), (3, 2), (16, 1)])
def test_several_workers_of_the_models_share_the_cores(settings, monkeypatch, workers, threads) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(8)))
    settings.GPU_WORKERS = workers
    specs = stack_processes(host="127.0.0.1", port=8000)
    given = [spec.env["OMP_NUM_THREADS"] for spec in specs if spec.name.startswith("worker-gpu")]
    assert given == [str(threads)] * workers


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
