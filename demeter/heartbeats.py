"""Heartbeats: each worker process updates its own row every few seconds, whatever its tasks do.

Celery's own ping is no use for this: a solo worker that counts a photo answers none.
"""

import logging
import os
import resource
import socket
import sys
import threading
from collections.abc import Iterable
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any

from celery.signals import worker_ready, worker_shutdown
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend
from django.utils import timezone

from demeter.models import WorkerHeartbeat

BEAT_EVERY_S = 10

logger = logging.getLogger(__name__)


def worker_name() -> str:
    """This process as rows name it: host:pid."""
    return f"{socket.gethostname()}:{os.getpid()}"


def record_heartbeat(*, worker: str, queues: Iterable[str], started_at: datetime) -> None:
    """Create or update the row of this worker; a repeat only moves its time."""
    WorkerHeartbeat.objects.update_or_create(
        worker=worker,
        defaults={
            "queues": sorted(queues),
            "started_at": started_at,
            "beat_at": timezone.now(),
            "resident_bytes": resident_bytes(),
            "gpu_reserved_bytes": gpu_reserved_bytes(),
        },
    )


def resident_bytes() -> int | None:
    """Memory that this process holds; None where the system does not say (it is no Linux)."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return None


def gpu_reserved_bytes() -> int | None:
    """GPU memory that this process has reserved; None where it has used no GPU. Loads no library for it."""
    torch = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)  # none yet while another thread imports it
    if cuda is None or not cuda.is_initialized():
        return None
    return int(cuda.memory_reserved())


def queues_without_worker(queues: Iterable[str], *, host: str = "") -> list[str]:
    """Those of `queues` that no living worker serves, in the given order; of one host only, where it is named."""
    workers = WorkerHeartbeat.objects.alive(timezone.now())
    if host:
        workers = workers.filter(worker__startswith=f"{host}:")
    served = {name for names in workers.values_list("queues", flat=True) for name in names}
    return [queue for queue in queues if queue not in served]


def delete_stale_workers() -> int:
    """Delete the rows of workers that are gone; the number of rows."""
    deleted, _ = WorkerHeartbeat.objects.silent(timezone.now()).delete()
    return deleted


class HeartbeatThread(threading.Thread):
    """Beats until it is stopped, then takes its row away. A database that is away is waited for."""

    def __init__(self, *, worker: str, queues: Iterable[str], every_s: float = BEAT_EVERY_S) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.worker = worker
        self.queues = list(queues)
        self.every_s = every_s
        self._stopped = threading.Event()

    def run(self) -> None:
        connections[DEFAULT_DB_ALIAS] = _own_connection()
        started_at = timezone.now()
        while True:
            self._try(lambda: record_heartbeat(worker=self.worker, queues=self.queues, started_at=started_at))
            if self._stopped.wait(self.every_s):
                break
        self._try(lambda: WorkerHeartbeat.objects.filter(worker=self.worker).delete())

    def stop(self) -> None:
        """End the thread; waits until its row is gone, at most 5 s."""
        self._stopped.set()
        self.join(timeout=5)

    def _try(self, write: Any) -> None:
        try:
            write()
        except DatabaseError:
            logger.warning("The heartbeat of %s could not be written", self.worker, exc_info=True)
        finally:
            # A prefork worker forks new children at any time: none may inherit an open connection.
            connections[DEFAULT_DB_ALIAS].close()


def _own_connection() -> BaseDatabaseWrapper:
    """A connection outside the pool: a pool started in a prefork parent would be inherited, dead, by its children."""
    settings_dict = deepcopy(connections.settings[DEFAULT_DB_ALIAS])
    settings_dict["OPTIONS"].pop("pool", None)
    wrapper: BaseDatabaseWrapper = load_backend(settings_dict["ENGINE"]).DatabaseWrapper(
        settings_dict, DEFAULT_DB_ALIAS
    )
    return wrapper


_threads: list[HeartbeatThread] = []


@worker_ready.connect(dispatch_uid="demeter.heartbeats")
def start_heartbeat(sender: Any, **_: Any) -> None:
    """Celery's worker (the consumer of solo, threads and the prefork parent) takes messages from now on."""
    thread = HeartbeatThread(
        worker=worker_name(), queues=[queue.name for queue in sender.task_consumer.queues]
    )
    thread.start()
    _threads.append(thread)


@worker_shutdown.connect(dispatch_uid="demeter.heartbeats")
def stop_heartbeat(**_: Any) -> None:
    """End the heartbeat when the worker shuts down; its row is deleted, so that it no longer counts as alive."""
    while _threads:
        _threads.pop().stop()
