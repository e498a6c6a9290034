"""Celery's beat with a heartbeat row: without beat no sweep finds lost work, so /readyz has to know."""

import logging
import time
from typing import Any, Final

from celery.beat import PersistentScheduler
from django.db import DatabaseError, connection
from django.utils import timezone

from demeter.heartbeats import BEAT_EVERY_S, record_heartbeat, worker_name
from demeter.models import WorkerHeartbeat

BEAT: Final = "beat"  # stands in its row where workers name their queues

logger = logging.getLogger(__name__)


class HeartbeatScheduler(PersistentScheduler):
    """A scheduler that writes its heartbeat after a tick, so that one that hangs in a tick is seen to be silent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._started_at = timezone.now()
        self._next_beat = 0.0
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; the seconds until the next round."""
        self._follow_clock()
        wait_s: float = super().tick(*args, **kwargs)
        if time.monotonic() >= self._next_beat:
            self._write(
                lambda: record_heartbeat(worker=worker_name(), queues=[BEAT], started_at=self._started_at)
            )
            self._next_beat = time.monotonic() + BEAT_EVERY_S
        return min(wait_s, BEAT_EVERY_S)

    def _follow_clock(self) -> None:
        """Let no entry have run in the future: after a clock was set back, none would be due until it has caught up.

        Also not one that the schedule file remembers from before a restart.
        """
        for entry in self.schedule.values():
            now = entry.default_now()
            if entry.last_run_at > now:
                logger.warning("The clock was set back; %s counts as sent now.", entry.name)
                entry.last_run_at = now
                self._heap = None  # Celery builds it anew

    def close(self) -> None:
        super().close()
        self._write(lambda: WorkerHeartbeat.objects.filter(worker=worker_name()).delete())

    def _write(self, write: Any) -> None:
        """A database that is away stops no sweep from being sent."""
        try:
            write()
        except DatabaseError as error:
            logger.warning("The heartbeat of beat could not be written: %s", type(error).__name__)
        finally:
            connection.close()
