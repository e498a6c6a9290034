"""The plants in stock: batches, and the ledger that says how each came to its quantity."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import CheckConstraint, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from demeter.change_times import ChangeTimed
from inventory import code_formats
from inventory.choices import INBOUND_TYPES, OUTBOUND_TYPES, MovementSource, MovementType
from inventory.errors import LedgerIsAppendOnly
from inventory.models import constraints
from inventory.querysets import StockBatchQuerySet, StockMovementQuerySet


class StockBatch(ChangeTimed):
    """Plants of one product, state, size and packaging that stand together.

    Its quantity is the sum of its movements, kept by `services.ledger.append_movement` alone. An emptied batch
    leaves its bin but keeps its location, where its past still counts.
    """

    batch_code = models.CharField(_("batch code"), max_length=50, validators=[code_formats.BATCH.validator()])
    storage_location = models.ForeignKey(
        "StorageLocation",
        on_delete=models.PROTECT,
        related_name="batches",
        verbose_name=_("storage location"),
    )
    current_storage_bin = models.ForeignKey(
        "StorageBin",
        on_delete=models.PROTECT,
        related_name="batches",
        null=True,
        blank=True,
        verbose_name=_("container"),
    )
    product = models.ForeignKey(
        "Product", on_delete=models.PROTECT, related_name="batches", verbose_name=_("product")
    )
    product_state = models.ForeignKey(
        "ProductState", on_delete=models.PROTECT, related_name="batches", verbose_name=_("state")
    )
    product_size = models.ForeignKey(
        "ProductSize",
        on_delete=models.PROTECT,
        related_name="batches",
        null=True,
        blank=True,
        verbose_name=_("size"),
    )
    packaging = models.ForeignKey(
        "PackagingCatalog",
        on_delete=models.PROTECT,
        related_name="batches",
        null=True,
        blank=True,
        verbose_name=_("packaging"),
    )
    quantity_initial = models.IntegerField(_("quantity at first"), default=0)
    quantity_current = models.IntegerField(_("quantity now"), default=0)
    quantity_empty_containers = models.IntegerField(_("emptied pots"), default=0)
    quality_score = models.FloatField(
        _("quality"), null=True, blank=True, help_text=_("0 to 5: five times the mean confidence.")
    )
    planting_date = models.DateField(_("planted on"), null=True, blank=True)
    germination_date = models.DateField(_("germinated on"), null=True, blank=True)
    transplant_date = models.DateField(_("transplanted on"), null=True, blank=True)
    expected_ready_date = models.DateField(_("expected to be ready on"), null=True, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    custom_attributes = models.JSONField(_("further attributes"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = StockBatchQuerySet.as_manager()

    class Meta:
        db_table = "stock_batches"
        ordering = ["-created_at", "-pk"]
        verbose_name = _("stock batch")
        verbose_name_plural = _("stock batches")
        indexes = [
            models.Index(fields=["storage_location", "product"], name="stock_batches_location_product")
        ]
        constraints = [
            constraints.unique(
                "stock_batches", "batch_code", message=_("This batch code is already in use.")
            ),
            code_formats.BATCH.constraint("stock_batches", "batch_code"),
            constraints.not_negative("stock_batches", "quantity_initial"),
            constraints.not_negative("stock_batches", "quantity_current"),
            constraints.not_negative("stock_batches", "quantity_empty_containers"),
            CheckConstraint(
                condition=Q(quality_score__gte=0, quality_score__lte=5),
                name="stock_batches_quality_in_range",
                violation_error_message=_("The quality lies between 0 and 5."),
            ),
        ]

    def __str__(self) -> str:
        return self.batch_code

    def clean(self) -> None:
        elsewhere = (
            self.current_storage_bin is not None
            and self.current_storage_bin.storage_location_id != self.storage_location_id
        )
        if elsewhere:
            raise ValidationError(
                {
                    "current_storage_bin": ValidationError(
                        _("The container stands in another location."), code="bin_elsewhere"
                    )
                }
            )


class StockMovement(models.Model):
    """One line of the stock ledger: appended, never edited and never deleted; an adjustment corrects it."""

    request_id = models.UUIDField(_("request"), help_text=_("A repeated request is recorded once."))
    batch = models.ForeignKey(
        StockBatch, on_delete=models.PROTECT, related_name="movements", verbose_name=_("batch")
    )
    movement_type = models.CharField(_("type"), max_length=20, choices=MovementType)
    quantity = models.IntegerField(_("quantity"), help_text=_("Plants that came (+) or went (−)."))
    is_inbound = models.BooleanField(_("inbound"))
    source = models.CharField(_("source"), max_length=10, choices=MovementSource)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="stock_movements",
        verbose_name=_("recorded by"),
    )
    occurred_at = models.DateTimeField(
        _("true at"),
        default=timezone.now,
        help_text=_("When it happened; for a photo count, when the picture was taken."),
    )
    created_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    source_bin = models.ForeignKey(
        "StorageBin",
        on_delete=models.PROTECT,
        related_name="outbound_movements",
        null=True,
        blank=True,
        verbose_name=_("from container"),
    )
    destination_bin = models.ForeignKey(
        "StorageBin",
        on_delete=models.PROTECT,
        related_name="inbound_movements",
        null=True,
        blank=True,
        verbose_name=_("to container"),
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    reference = models.UUIDField(
        _("reference"),
        null=True,
        blank=True,
        db_index=True,
        help_text=_("The same for movements that belong together, like both sides of a transplant."),
    )
    session_uuid = models.UUIDField(
        _("photo session"), null=True, blank=True, db_index=True, help_text=_("The count it was booked from.")
    )
    unit_price = models.DecimalField(_("unit price"), max_digits=12, decimal_places=2, null=True, blank=True)
    total_price = models.DecimalField(
        _("total price"), max_digits=14, decimal_places=2, null=True, blank=True
    )

    objects = StockMovementQuerySet.as_manager()

    class Meta:
        db_table = "stock_movements"
        ordering = ["-occurred_at", "-pk"]
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        indexes = [
            models.Index(fields=["batch", "occurred_at"], name="stock_movements_batch_time"),
            models.Index(fields=["movement_type", "occurred_at"], name="stock_movements_type_time"),
            models.Index(fields=["occurred_at"], name="stock_movements_time"),
        ]
        constraints = [
            constraints.unique(
                "stock_movements", "request_id", message=_("This request has already been recorded.")
            ),
            CheckConstraint(
                condition=~Q(quantity=0),
                name="stock_movements_quantity_not_zero",
                violation_error_message=_("A movement moves at least one plant."),
            ),
            CheckConstraint(
                condition=Q(is_inbound=True, quantity__gt=0) | Q(is_inbound=False, quantity__lt=0),
                name="stock_movements_direction_matches_sign",
                violation_error_message=_("An inbound quantity is above zero, an outbound one below."),
            ),
            CheckConstraint(
                condition=~Q(movement_type__in=OUTBOUND_TYPES, quantity__gt=0)
                & ~Q(movement_type__in=INBOUND_TYPES, quantity__lt=0),
                name="stock_movements_type_matches_sign",
                violation_error_message=_("A movement of this type goes in the other direction."),
            ),
            CheckConstraint(
                condition=~Q(movement_type=MovementType.ADJUSTMENT, reason=""),
                name="stock_movements_adjustment_has_reason",
                violation_error_message=_("An adjustment needs a reason."),
            ),
            constraints.one_of("stock_movements", "movement_type", MovementType),
            constraints.one_of("stock_movements", "source", MovementSource),
            constraints.not_negative("stock_movements", "unit_price"),
            constraints.not_negative("stock_movements", "total_price"),
        ]

    def __str__(self) -> str:
        return f"{self.get_movement_type_display()} {self.quantity:+d} · {self.batch}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise LedgerIsAppendOnly(str(_("Movements cannot be changed; record an adjustment instead.")))
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise LedgerIsAppendOnly(str(_("Movements cannot be deleted; record an adjustment instead.")))
