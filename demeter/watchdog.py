"""Checks the processes of one machine against their rows in the database.

What a dead process held is given back at once, one that holds a step past its deadline is ended, and so is one whose
heartbeat is too old. In a thread of its own: a database or a broker that hangs must not keep the supervisor from
starting again what died.
"""

import logging
import socket
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from demeter.connections import release_connection
from demeter.models import WorkerHeartbeat
from demeter.supervisor import Supervisor
from photos import queue
from photos.models import ProcessingStep
from photos.services.steps.claims import free_claims
from photos.services.steps.deadlines import IN_THREADS

ROUND_S: Final = 1.0
ROWS_EVERY_S: Final = 5.0
# A pause between two looks that is longer than this (a suspended machine, a database that hung) tells nothing about
# the processes: the age of their heartbeats is measured anew.
_PAUSE_S: Final = 3 * ROWS_EVERY_S

logger = logging.getLogger(__name__)


@dataclass
class _Sign:
    """The newest heartbeat of a process, and the time (monotonic, s) since which none has followed."""

    beat_at: datetime
    since: float


class Watchdog(threading.Thread):
    """Looks after the processes of a supervisor until it is stopped."""

    def __init__(self, supervisor: Supervisor) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._supervisor = supervisor
        self._prefix = f"{socket.gethostname()}:"
        self._stopped = threading.Event()
        self._members: set[int] = set()
        self._gone: set[int] = set()  # whose claims are still to be freed
        self._overdue: set[int] = set()
        self._signs: dict[int, _Sign] = {}
        self._looked_at = 0.0
        self._looked_at_wall = 0.0

    def run(self) -> None:
        while not self._stopped.wait(ROUND_S):
            self.check()

    def stop(self) -> None:
        """End the thread, and give back what the processes that ended with the supervisor held."""
        self._stopped.set()
        if self.ident is not None:
            self.join(timeout=5 * ROUND_S)
        if not self.is_alive():  # else it waits for the database, and their leases end by themselves
            self.check()

    def check(self) -> None:
        """One round. Nothing that goes wrong here may end the watch."""
        try:
            self._note_gone()
            self._free_claims()
            if time.monotonic() - self._looked_at >= ROWS_EVERY_S:
                self._end_hung()
        except DatabaseError as error:
            logger.warning("The database cannot be asked about the workers: %s", type(error).__name__)
            self._forget_signs()
        except Exception:
            logger.exception("The watch over the processes failed; it goes on.")
        finally:
            release_connection()

    def _note_gone(self) -> None:
        members = self._supervisor.members()
        self._gone |= self._members - members
        self._members = members

    def _free_claims(self) -> None:
        if not self._gone:
            return
        gone = set(self._gone)
        freed = free_claims([f"{self._prefix}{pid}" for pid in gone])
        self._gone -= gone
        for step in freed:
            logger.warning("Process %s ended in %s %s: it is done again.", step.worker, step.kind, step.pk)
        queue.send_steps_again(freed)

    def _end_hung(self) -> None:
        wall = time.time()
        if wall - self._looked_at_wall > _PAUSE_S:
            self._forget_signs()
        self._looked_at, self._looked_at_wall = time.monotonic(), wall
        overdue = self._past_deadline()
        for pid in overdue & self._overdue:  # seen twice: after an outage a step has time to end itself
            self._kill(pid, "holds a step past its deadline")
        self._overdue = overdue
        for pid in self._frozen():
            self._kill(pid, "gives no sign of life")

    def _past_deadline(self) -> set[int]:
        """Processes of this machine that hold a step past its deadline, but for steps of threads.

        Time limits of Celery reach prefork pools only. A step of a thread is ended alone, see `hold_lease`.
        """
        holders = (
            ProcessingStep.objects.past_deadline(timezone.now())
            .filter(worker__startswith=self._prefix)
            .exclude(kind__in=IN_THREADS)
            .values_list("worker", flat=True)
        )
        return {int(worker.removeprefix(self._prefix)) for worker in holders}

    def _frozen(self) -> list[int]:
        """Processes whose heartbeat is too old. One without any is starting."""
        names = {f"{self._prefix}{pid}": pid for pid in self._supervisor.running().values()}
        rows = WorkerHeartbeat.objects.filter(worker__in=names).values_list("worker", "beat_at")
        now = time.monotonic()
        for worker, beat_at in rows:
            pid = names[worker]
            if pid not in self._signs or self._signs[pid].beat_at != beat_at:
                self._signs[pid] = _Sign(beat_at, now)
        self._signs = {pid: sign for pid, sign in self._signs.items() if pid in names.values()}
        return [pid for pid, sign in self._signs.items() if now - sign.since > settings.WORKER_FROZEN_AFTER_S]

    def _kill(self, pid: int, reason: str) -> None:
        if self._supervisor.kill_member(pid):
            logger.error("Process %s %s: it is ended.", pid, reason)
            self._signs.pop(pid, None)

    def _forget_signs(self) -> None:
        self._signs.clear()
        self._overdue.clear()
