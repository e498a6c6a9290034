"""Admin pages of batches and of the ledger. Quantities are read here and never typed in."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import TabularInline

from demeter.admin_base import ModelAdmin
from inventory.models import ManualCount, StockBatch, StockMovement


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
    fields = ["occurred_at", "movement_type", "quantity", "source", "user", "reason"]
    ordering = ["-occurred_at", "-pk"]
    extra = 0
    tab = True
    per_page = 25


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

    list_display = ["occurred_at", "movement_type", "quantity", "batch", "source", "user", "reason"]
    list_filter = ["movement_type", "source", "batch__storage_location__storage_area__warehouse"]
    list_select_related = ["batch", "user"]
    search_fields = ["batch__batch_code", "reason", "session_uuid", "reference", "request_id"]
    date_hierarchy = "occurred_at"


@admin.register(ManualCount)
class ManualCountAdmin(ReadOnly, ModelAdmin):
    """Counts by hand: read only. A later count goes before an earlier one."""

    list_display = ["counted_at", "storage_location", "product", "quantity", "user", "reason"]
    list_filter = ["storage_location__storage_area__warehouse"]
    list_select_related = ["storage_location", "product", "user"]
    search_fields = ["storage_location__code", "product__common_name", "product__sku", "reason"]
    date_hierarchy = "counted_at"
