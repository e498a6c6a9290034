"""Named questions about the workers and about alerts."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Q

from demeter.choices import DeliveryStatus

# Three beats may be late (a slow disk, SQLite's write lock) before a worker counts as dead.
SILENT_AFTER = timedelta(seconds=35)


class WorkerHeartbeatQuerySet(models.QuerySet[Any]):
    """Workers by the age of their last heartbeat: alive up to SILENT_AFTER, silent beyond it."""

    def alive(self, now: datetime) -> Self:
        return self.filter(beat_at__gte=now - SILENT_AFTER)

    def silent(self, now: datetime) -> Self:
        return self.filter(beat_at__lt=now - SILENT_AFTER)


class AlertDeliveryQuerySet(models.QuerySet[Any]):
    """Deliveries by whether somebody is to send them now."""

    def claimable(self, now: datetime) -> Self:
        """Those that wait, are due, and are held by no sender that lives."""
        return self.filter(
            Q(not_before=None) | Q(not_before__lte=now),
            Q(claimed_until=None) | Q(claimed_until__lte=now),
            status=DeliveryStatus.PENDING,
        ).order_by("created_at", "pk")
