"""All processes of DemeterAI on one machine: the web server, a worker for each queue, and beat."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path

from django.conf import settings
from django.db import connection

from demeter.alerts.rounds import AlertKeeper
from demeter.metrics.http import FOLDER_VARIABLE, empty_metrics_folder, metrics_folder
from demeter.port_check import check_port_free
from demeter.static_collection import collect_static_if_changed
from demeter.supervisor import ProcessEvent, ProcessSpec, Supervisor
from demeter.watchdog import Watchdog
from photos.errors import StoreUnavailable
from photos.storage import StorageService

logger = logging.getLogger(__name__)

WEB = "web"
PROCESS_NAMES = (WEB, "worker-gpu", "worker-cpu", "worker-io", "worker-default", "beat")
CLASSIFIER_UI = "classifier-ui"  # a web server with the classifier's page alone, where it is asked for
CLASSIFIER_PORT = 9090
# The web server passes photos through buffers of up to a megabyte. By itself glibc asks the kernel for each and gives
# it back, page by page: reading 5 MB took 8 ms. From memory that it keeps it takes 2 ms, and with two arenas instead
# of sixteen a process stays as small as it was (160 MB after 200 uploads). Other C libraries do not look at these.
KEPT_BUFFERS = {
    "MALLOC_MMAP_THRESHOLD_": str(8 * 1024**2),
    "MALLOC_TRIM_THRESHOLD_": str(64 * 1024**2),
    "MALLOC_ARENA_MAX": "2",
}
# What the server reads of a body before it is asked for: little, for the pace of a body is ours
# (demeter.serving.pacing).
READ_AHEAD_BYTES = 128 * 1024
# A thread of the web server keeps its connection to PostgreSQL: where the database is away it knows at once, and does
# not wait for a pool while a person waits for it. The many threads of a worker share a pool.
CONNECTION_A_THREAD = {"DATABASE_POOL_SIZE": "0"}
# A page that the database keeps waiting is answered 503 instead, also while the database is frozen.
DATABASE_ANSWER_S = {"DATABASE_ANSWER_TIMEOUT_S": os.environ.get("DATABASE_ANSWER_TIMEOUT_S") or "10"}


def run_stack(
    *,
    host: str,
    port: int,
    on_event: Callable[[ProcessEvent], None],
    is_stopping: Callable[[], bool],
    only: Collection[str] | None = None,
    classifier_port: int | None = None,
) -> None:
    """Run everything until `is_stopping`; then, or when anything goes wrong here, nothing is left running.

    With `only`, these processes alone run and write where this one does, as a container's log wants it. With
    `classifier_port`, the classifier's page is served there too.
    Raises PortInUse before anything is started.
    """
    names = {*(PROCESS_NAMES if only is None else only), *([CLASSIFIER_UI] if classifier_port else [])}
    listening = {WEB: port, CLASSIFIER_UI: classifier_port or CLASSIFIER_PORT}
    for name in names & set(listening):
        check_port_free(host, listening[name])
        collect_static_if_changed()
        empty_metrics_folder(name)
    processes = stack_processes(host=host, port=port, classifier_port=listening[CLASSIFIER_UI])
    specs = [spec for spec in processes if spec.name.partition("#")[0] in names]
    log_folder = log_dir() if only is None else None
    supervisor = Supervisor(specs, log_dir=log_folder, on_event=on_event)
    watchdog, keeper = Watchdog(supervisor), AlertKeeper()
    threading.Thread(
        target=_ensure_buckets, name="buckets", daemon=True
    ).start()  # a store that hangs holds up nobody
    try:
        with supervisor:
            watchdog.start()
            keeper.start()
            while not is_stopping():
                supervisor.keep_running()
                time.sleep(0.25)
    finally:
        keeper.stop()
        watchdog.stop()


def _ensure_buckets() -> None:
    """Make buckets that are missing. A store that is away is no reason not to start: what needs it waits for it."""
    try:
        StorageService.ensure_buckets()
    except StoreUnavailable as error:
        logger.warning("The buckets could not be checked: %s", error)


def log_dir() -> Path:
    """The folder with one log file for each process of the stack, below the data folder."""
    return Path(settings.DATA_HOME) / "logs"


def stack_processes(*, host: str, port: int, classifier_port: int = CLASSIFIER_PORT) -> list[ProcessSpec]:
    """The web server, the workers and beat, with the pools that their queues need; last the classifier's page."""
    cores = _cores()
    # SQLite has one writer; more would only wait.
    io_concurrency = settings.IO_WORKER_CONCURRENCY or (6 if connection.vendor == "sqlite" else 50)
    # Model workers share the cores: more threads than cores wait for each other at each layer of a network.
    few, shared = _threads_env(1), _threads_env(max(1, cores // max(1, settings.GPU_WORKERS)))
    commands = {
        WEB: (_web(host, port, settings.WEB_PROCESSES), {**few, **_web_env(WEB)}),
        **{
            f"worker-gpu#{number}" if number else "worker-gpu": (
                _worker(f"gpu{number}", "gpu_queue", "solo"),
                {
                    **shared,
                    "DEMETER_WORKER_NUMBER": str(number),
                },  # worker n takes GPU n modulo their number
            )
            for number in range(settings.GPU_WORKERS)
        },
        "worker-cpu": (_worker("cpu", "cpu_queue", "prefork", settings.CPU_WORKER_CONCURRENCY or cores), few),
        "worker-io": (_worker("io", "io_queue", settings.IO_WORKER_POOL, io_concurrency), few),
        "worker-default": (_worker("default", "default", "solo"), few),
        "beat": ((*_celery(), "beat", "--pidfile=", "--loglevel=WARNING"), few),
        CLASSIFIER_UI: (
            _web(host, classifier_port, 1),
            {
                **few,
                **KEPT_BUFFERS,
                **CONNECTION_A_THREAD,
                **DATABASE_ANSWER_S,
                "WEB_PROCESSES": "1",
                "CLASSIFIER_UI_ONLY": "true",
            },
        ),
    }
    return [ProcessSpec(name, command, env, settings.BASE_DIR) for name, (command, env) in commands.items()]


def _web(host: str, port: int, processes: int) -> tuple[str, ...]:
    return (
        sys.executable, "-m", "granian", "--interface", "asgi", "--loop", "asyncio", "--http", "1", "--no-ws",
        "--host", host, "--port", str(port), "--workers", str(processes),
        "--backlog", "2048", "--backpressure", str(settings.WEB_CONNECTIONS),
        "--http1-header-read-timeout", str(int(1000 * settings.HEADER_TIMEOUT_S)),
        "--http1-buffer-size", str(READ_AHEAD_BYTES),
        "--respawn-failed-workers", "--respawn-interval", "0.5", "--workers-kill-timeout", "5",
        "demeter.asgi:application",
    )  # fmt: skip


def _web_env(name: str) -> dict[str, str]:
    return {
        **KEPT_BUFFERS,
        **CONNECTION_A_THREAD,
        **DATABASE_ANSWER_S,
        FOLDER_VARIABLE: str(metrics_folder(name)),
    }


def _celery() -> tuple[str, ...]:
    return (sys.executable, "-m", "celery", "-A", "demeter")


def _worker(name: str, queue: str, pool: str, concurrency: int = 1) -> tuple[str, ...]:
    # Workers leave the processor to the web server when both want it: a person waits for its answers.
    yielding = ("nice", "-n", "10")
    # Workers need not know of each other: liveness is in the heartbeat rows.
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=INFO")
    pool_options = ("-Q", queue, "--pool", pool, "-c", str(concurrency))
    return (*yielding, *_celery(), "worker", "-n", f"{name}@%h", *pool_options, *quiet)


def _cores() -> int:
    """Cores that this process may use, which in a container are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _threads_env(threads: int) -> dict[str, str]:
    # Ultralytics sets one thread where nothing is set; elsewhere, each library would start one a core.
    return {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
