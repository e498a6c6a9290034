"""Named questions about predictions, their pictures and what people said of them."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Q

from mlpipeline.classifier.choices import PredictionStatus


class ClassifiedPictureQuerySet(models.QuerySet[Any]):
    """Pictures by where their bytes lie and whether anything refers to them."""

    def unstored(self) -> Self:
        """Pictures whose bytes are still in staging only."""
        return self.exclude(staging_key="")

    def staged_keys(self) -> list[str]:
        """Where the bytes of those lie."""
        return list(self.unstored().values_list("staging_key", flat=True))

    def unused_since(self, when: datetime) -> Self:
        """Pictures from before a time that no prediction, feedback or sample needs."""
        return self.filter(used_at__lt=when, predictions=None, feedback=None, samples=None)


class PredictionQuerySet(models.QuerySet[Any]):
    """Predictions that may be claimed, have waited too long, or whose message must be sent again."""

    def claimable(self, now: datetime) -> Self:
        """Those that somebody still waits for and no living worker holds, the oldest first."""
        return self.filter(
            Q(claimed_until=None) | Q(claimed_until__lt=now),
            status=PredictionStatus.PENDING,
            expires_at__gt=now,
        ).order_by("created_at")

    def overdue(self, now: datetime) -> Self:
        return self.filter(status=PredictionStatus.PENDING, expires_at__lte=now)

    def unsent(self, now: datetime, *, resend_after: timedelta) -> Self:
        """Claimable ones whose message was never sent, or may be lost."""
        return self.claimable(now).filter(Q(sent_at=None) | Q(sent_at__lt=now - resend_after))
