"""Named questions about the workers."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models

# Three beats may be late (a slow disk, SQLite's write lock) before a worker counts as dead.
SILENT_AFTER = timedelta(seconds=35)


class WorkerHeartbeatQuerySet(models.QuerySet[Any]):
    """Workers by the age of their last heartbeat: alive up to SILENT_AFTER, silent beyond it."""

    def alive(self, now: datetime) -> Self:
        return self.filter(beat_at__gte=now - SILENT_AFTER)

    def silent(self, now: datetime) -> Self:
        return self.filter(beat_at__lt=now - SILENT_AFTER)
