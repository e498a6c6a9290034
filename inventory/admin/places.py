"""Admin pages of the four levels of places, container types and location configurations."""

from __future__ import annotations

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from demeter.admin_base import ModelAdmin
from inventory.admin.outlines import OutlinedPlaceAdmin
from inventory.models import (
    StorageArea,
    StorageBin,
    StorageBinType,
    StorageLocation,
    StorageLocationConfig,
    Warehouse,
)
from inventory.services.configs import ConfigDetails, open_cycle, update_running


@admin.register(Warehouse)
class WarehouseAdmin(OutlinedPlaceAdmin):
    list_display = ["code", "name", "warehouse_type", "area", "is_active"]
    list_filter = ["warehouse_type", "is_active"]
    search_fields = ["code", "name"]


@admin.register(StorageArea)
class StorageAreaAdmin(OutlinedPlaceAdmin):
    list_display = ["code", "name", "warehouse", "position", "area", "is_active"]
    list_filter = ["warehouse", "position", "is_active"]
    list_select_related = ["warehouse"]
    search_fields = ["code", "name"]
    autocomplete_fields = ["warehouse"]


@admin.register(StorageLocation)
class StorageLocationAdmin(OutlinedPlaceAdmin):
    list_display = ["code", "name", "storage_area", "qr_code", "area", "is_active"]
    list_filter = ["storage_area__warehouse", "is_active"]
    list_select_related = ["storage_area"]
    search_fields = ["code", "name", "qr_code"]
    autocomplete_fields = ["storage_area"]


@admin.register(StorageBinType)
class StorageBinTypeAdmin(ModelAdmin):
    list_display = ["code", "name", "category", "rows", "columns", "capacity"]
    list_filter = ["category", "is_grid"]
    search_fields = ["code", "name"]


@admin.register(StorageBin)
class StorageBinAdmin(ModelAdmin):
    list_display = ["code", "storage_location", "storage_bin_type", "status", "source"]
    list_filter = ["status", "source", "storage_bin_type", "storage_location__storage_area__warehouse"]
    list_select_related = ["storage_location", "storage_bin_type"]
    search_fields = ["code", "label"]
    autocomplete_fields = ["storage_location", "storage_bin_type"]
    readonly_fields = ["source", "position_metadata", "created_at", "updated_at"]


@admin.register(StorageLocationConfig)
class StorageLocationConfigAdmin(ModelAdmin):
    """Adding opens a new cycle and ends the running one; changing corrects the running one; the past stays."""

    list_display = [
        "storage_location",
        "product",
        "packaging",
        "expected_product_state",
        "is_active",
        "started_at",
        "ended_at",
    ]
    list_filter = ["is_active", "expected_product_state", "storage_location__storage_area__warehouse"]
    list_select_related = ["storage_location", "product", "packaging", "expected_product_state"]
    search_fields = ["storage_location__code", "product__common_name", "product__sku"]
    autocomplete_fields = ["storage_location", "product", "packaging", "expected_product_state"]
    readonly_fields = ["is_active", "started_at", "ended_at", "created_at", "updated_at"]

    def get_readonly_fields(
        self, request: HttpRequest, obj: StorageLocationConfig | None = None
    ) -> list[str]:
        if obj is None:
            return self.readonly_fields
        return [*self.readonly_fields, "storage_location", "product"]

    def has_change_permission(self, request: HttpRequest, obj: StorageLocationConfig | None = None) -> bool:
        is_past = obj is not None and not obj.is_active
        return not is_past and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: StorageLocationConfig | None = None) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: StorageLocationConfig, form: ModelForm, change: bool
    ) -> None:
        details = ConfigDetails(
            product=obj.product,
            expected_product_state=obj.expected_product_state,
            packaging=obj.packaging,
            area_cm2=obj.area_cm2,
            notes=obj.notes,
        )
        if change:
            update_running(location=obj.storage_location, details=details)
        else:
            obj.pk = open_cycle(location=obj.storage_location, details=details, at=timezone.now()).pk
