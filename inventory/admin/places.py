"""Admin pages of the four levels of places and of container types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from demeter.admin_base import ModelAdmin
from inventory.admin.outline_editor import MAX_AROUND
from inventory.admin.outlines import OutlinedPlaceAdmin
from inventory.models import (
    StorageArea,
    StorageBin,
    StorageBinType,
    StorageLocation,
    Warehouse,
)
from inventory.models.geo_place import GeoPlace
from inventory.services.configs import active_config, other_products
from inventory.services.place_stock import has_stock_history, stock_by_product


@admin.register(Warehouse)
class WarehouseAdmin(OutlinedPlaceAdmin):
    """Warehouses (naves), the first level of places; the area in m² follows from the outline."""

    path_from_location = "__storage_area__warehouse"
    list_display = ["code", "name", "warehouse_type", "area", "is_active"]
    list_filter = ["warehouse_type", "is_active"]
    search_fields = ["code", "name"]


@admin.register(StorageArea)
class StorageAreaAdmin(OutlinedPlaceAdmin):
    """Storage areas (canteros), the beds of a warehouse."""

    path_from_location = "__storage_area"
    list_display = ["code", "name", "warehouse", "position", "area", "is_active"]
    list_filter = ["warehouse", "position", "is_active"]
    list_select_related = ["warehouse"]
    search_fields = ["code", "name"]
    autocomplete_fields = ["warehouse"]

    def around(self, request: HttpRequest, place: StorageArea | None) -> Iterable[GeoPlace]:
        """The warehouse, and its other areas; of an area that is added, all warehouses."""
        if place is None:
            return Warehouse.objects.in_use()[:MAX_AROUND]
        return [place.warehouse, *place.warehouse.areas.exclude(pk=place.pk)[:MAX_AROUND]]


@admin.register(StorageLocation)
class StorageLocationAdmin(OutlinedPlaceAdmin):
    """A place that photos show, with what its books hold."""

    path_from_location = ""
    stock_fields: ClassVar[list[str]] = ["stock", "configuration"]
    list_display = ["code", "name", "storage_area", "qr_code", "area", "is_active"]
    list_filter = ["storage_area__warehouse", "is_active"]
    list_select_related = ["storage_area"]
    search_fields = ["code", "name", "qr_code"]
    autocomplete_fields = ["storage_area"]
    readonly_fields = [*OutlinedPlaceAdmin.readonly_fields, "stock", "configuration", "configured_by_you"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        may_configure = request.user.has_perm("inventory.add_storagelocationconfig")
        shown = "configured_by_you" if may_configure else "configuration"
        of_place = [shown if name == "configuration" else name for name in self.stock_fields]
        return [(_("This place"), {"fields": of_place}), *fieldsets]

    def around(self, request: HttpRequest, place: StorageLocation | None) -> Iterable[GeoPlace]:
        """The area, and its other locations; of a location that is added, all areas."""
        if place is None:
            return StorageArea.objects.in_use()[:MAX_AROUND]
        return [place.storage_area, *place.storage_area.locations.exclude(pk=place.pk)[:MAX_AROUND]]

    @admin.display(description=_("what the books hold"))
    def stock(self, location: StorageLocation) -> SafeString | str:
        """Living plants by product; those that the place is not configured for are marked."""
        others = other_products(location, timezone.now())
        mark = format_html(
            ' · <span class="text-red-600 dark:text-red-500">{}</span>',
            gettext("The place is not configured for this product. What became of it?"),
        )
        rows = [
            (
                row.product,
                number_format(row.quantity, force_grouping=True),
                mark if row.product in others else "",
            )
            for row in stock_by_product(location)
        ]
        return format_html_join("", "<div>{}: <strong>{}</strong>{}</div>", rows) or "—"

    @admin.display(description=_("what grows here"))
    def configuration(self, location: StorageLocation) -> SafeString:
        """The running configuration, and the way to the cycles of the past."""
        return _configuration(location, may_configure=False)

    @admin.display(description=_("what grows here"))
    def configured_by_you(self, location: StorageLocation) -> SafeString:
        """The same, with the ways to correct the configuration and to begin a new cycle."""
        return _configuration(location, may_configure=True)


@admin.register(StorageBinType)
class StorageBinTypeAdmin(ModelAdmin):
    """Types of container, with their rows, columns and capacity in plants."""

    list_display = ["code", "name", "category", "rows", "columns", "capacity"]
    list_filter = ["category", "is_grid"]
    search_fields = ["code", "name"]


@admin.register(StorageBin)
class StorageBinAdmin(ModelAdmin):
    """Containers inside a location. Where one comes from and where photos show it is read-only.

    So is what and where it is, once batches or movements name it: their place is that of the container.
    """

    list_display = ["code", "storage_location", "storage_bin_type", "status", "source"]
    list_filter = ["status", "source", "storage_bin_type", "storage_location__storage_area__warehouse"]
    list_select_related = ["storage_location", "storage_bin_type"]
    search_fields = ["code", "label"]
    autocomplete_fields = ["storage_location", "storage_bin_type"]
    readonly_fields = ["source", "position_metadata", "created_at", "updated_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: StorageBin | None = None) -> list[str]:
        if obj is None or not has_stock_history(obj):
            return self.readonly_fields
        return [*self.readonly_fields, "storage_location", "storage_bin_type", "code"]


def _configuration(location: StorageLocation, *, may_configure: bool) -> SafeString:
    context = {
        "location": location,
        "config": active_config(location),
        "may_configure": may_configure,
    }
    return render_to_string("admin/inventory/location_configuration.html", context)
