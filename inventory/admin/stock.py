"""Admin pages of batches and of the ledger. Quantities are read here and never typed in."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from demeter.admin_base import ModelAdmin
from inventory.models import ManualCount, StockBatch, StockMovement
from inventory.movement_reasons import reason_text
from inventory.querysets import StockMovementQuerySet


class ReadOnly:
    """Nobody adds, changes or deletes here, whatever their role."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class StockMovementInline(ReadOnly, TabularInline):
    """A batch's own lines of the ledger."""

    model = StockMovement
    fields = ["occurred_at", "movement_type", "change", "balance", "source", "user", "shown_reason"]
    readonly_fields = ["change", "balance", "shown_reason"]
    ordering = ["-occurred_at", "-pk"]
    extra = 0
    tab = True
    per_page = 25

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        movements: StockMovementQuerySet = super().get_queryset(request)
        return movements.with_balance().select_related("user")

    @admin.display(description=_("quantity"))
    def change(self, movement: StockMovement) -> str:
        return _signed(movement.quantity)

    @admin.display(description=_("balance"))
    def balance(self, movement: Any) -> str:
        return number_format(movement.balance, force_grouping=True)

    @admin.display(description=_("reason"))
    def shown_reason(self, movement: StockMovement) -> str:
        return reason_text(movement.reason)


@admin.register(StockBatch)
class StockBatchAdmin(ModelAdmin):
    """A batch's dates and notes can be completed; what it is and holds comes from services."""

    list_display = [
        "batch_code",
        "storage_location",
        "product",
        "product_state",
        "packaging",
        "quantity_current",
        "quality_score",
        "created_at",
    ]
    list_filter = ["product_state", "storage_location__storage_area__warehouse", "product__family__category"]
    list_select_related = ["storage_location", "product", "product_state", "packaging"]
    search_fields = ["batch_code", "storage_location__code", "product__common_name", "product__sku"]
    date_hierarchy = "created_at"
    readonly_fields = [
        "batch_code",
        "storage_location",
        "current_storage_bin",
        "product",
        "product_state",
        "product_size",
        "packaging",
        "quantity_initial",
        "quantity_current",
        "quantity_empty_containers",
        "quality_score",
        "custom_attributes",
        "created_at",
        "updated_at",
    ]
    inlines = [StockMovementInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: StockBatch | None = None) -> bool:
        return False


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnly, ModelAdmin):
    """The ledger: read only. An adjustment corrects it."""

    explanation = _(
        "Every line says what came to a batch or left it, and what the batch held then. Lines are never changed: an "
        "adjustment corrects them."
    )
    list_display = [
        "occurred_at",
        "movement_type",
        "change",
        "balance",
        "batch_link",
        "place_link",
        "user",
        "shown_reason",
    ]
    list_display_links = ["occurred_at"]
    list_filter = ["movement_type", "source", "batch__storage_location__storage_area__warehouse"]
    list_select_related = ["batch__storage_location", "user"]
    search_fields = [
        "batch__batch_code", "batch__storage_location__code", "reason", "session_uuid", "reference", "request_id",
    ]  # fmt: skip
    date_hierarchy = "occurred_at"
    fields = [
        "occurred_at", "movement_type", "change", "balance", "batch_link", "place_link", "source", "user",
        "shown_reason", "source_bin", "destination_bin", "unit_price", "total_price", "reference", "request_id",
        "created_at",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        movements: StockMovementQuerySet = super().get_queryset(request)
        return movements.with_balance()

    @admin.display(description=_("quantity"), ordering="quantity")
    def change(self, movement: StockMovement) -> str:
        return _signed(movement.quantity)

    @admin.display(description=_("balance"))
    def balance(self, movement: Any) -> str:
        """What the batch held after the movement."""
        return number_format(movement.balance, force_grouping=True)

    @admin.display(description=_("reason"))
    def shown_reason(self, movement: StockMovement) -> str:
        return reason_text(movement.reason)

    @admin.display(description=_("batch"), ordering="batch__batch_code")
    def batch_link(self, movement: StockMovement) -> SafeString:
        return _link(reverse("admin:inventory_stockbatch_change", args=[movement.batch_id]), movement.batch)

    @admin.display(description=_("place"), ordering="batch__storage_location__code")
    def place_link(self, movement: StockMovement) -> SafeString:
        place = movement.batch.storage_location
        return _link(reverse("admin:inventory_storagelocation_change", args=[place.pk]), place.code)


@admin.register(ManualCount)
class ManualCountAdmin(ReadOnly, ModelAdmin):
    """Counts by hand: read only. A later count goes before an earlier one."""

    list_display = ["counted_at", "storage_location", "product", "quantity", "user", "reason"]
    list_filter = ["storage_location__storage_area__warehouse"]
    list_select_related = ["storage_location", "product", "user"]
    search_fields = ["storage_location__code", "product__common_name", "product__sku", "reason"]
    date_hierarchy = "counted_at"


def _signed(quantity: int) -> str:
    """What came, with a plus, or what left, with a minus."""
    return f"{'+' if quantity > 0 else ''}{number_format(quantity, force_grouping=True)}"


def _link(url: str, text: object) -> SafeString:
    return format_html('<a class="underline" href="{}">{}</a>', url, text)
