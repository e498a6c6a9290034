"""What a person counted at a place without a photo."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ManualCount(models.Model):
    """A count by hand: so many living plants of a product stood at a place at a time. It decides from then on.

    Example: the cycle of Echeveria in N1-NORTH-03 ended, and the worker says that 12 of them are still there. A first
    count of a place is a movement `manual_init` instead, and counts in the same way.
    """

    uuid = models.UUIDField(_("count id"), unique=True, default=uuid.uuid4, editable=False)
    storage_location = models.ForeignKey(
        "StorageLocation",
        on_delete=models.PROTECT,
        related_name="manual_counts",
        verbose_name=_("storage location"),
    )
    product = models.ForeignKey(
        "Product", on_delete=models.PROTECT, related_name="manual_counts", verbose_name=_("product")
    )
    quantity = models.PositiveIntegerField(_("living plants"))
    counted_at = models.DateTimeField(_("counted at"), default=timezone.now)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="manual_counts",
        verbose_name=_("counted by"),
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("recorded at"), auto_now_add=True)

    class Meta:
        db_table = "manual_counts"
        ordering = ["-counted_at", "-pk"]
        verbose_name = _("count by hand")
        verbose_name_plural = _("counts by hand")
        indexes = [models.Index(fields=["storage_location", "counted_at"], name="manual_counts_place_time")]

    def __str__(self) -> str:
        return f"{self.storage_location.code}: {self.quantity} × {self.product}"
