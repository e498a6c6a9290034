"""What lists of places can be narrowed down to, and in which order they come."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, QuerySet

from demeter.filters import IdFilter, StableOrdering
from inventory.choices import AreaPosition, WarehouseType
from inventory.models import StorageArea, StorageLocation, StorageLocationConfig, Warehouse


class PlaceFilter(django_filters.FilterSet):
    """What every level of places has. Without `with_inactive` only places in use are listed."""

    with_inactive = django_filters.BooleanFilter(
        method="keep_in_use", help_text="true: also what is out of use, or lies in a place that is."
    )

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.form.cleaned_data.get("with_inactive"):
            queryset = queryset.in_use()  # type: ignore[attr-defined]  # all three querysets have it
        return super().filter_queryset(queryset)

    def keep_in_use(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return queryset


class WarehouseFilter(PlaceFilter):
    """For warehouses."""

    type = django_filters.ChoiceFilter(field_name="warehouse_type", choices=WarehouseType.choices)
    ordering = StableOrdering(fields=["code", "name", "area_m2", "quantity"])

    class Meta:
        model = Warehouse
        fields = ["type"]


class AreaFilter(PlaceFilter):
    """For the areas of a warehouse."""

    position = django_filters.ChoiceFilter(choices=AreaPosition.choices)
    ordering = StableOrdering(fields=["code", "name", "area_m2", "quantity"])

    class Meta:
        model = StorageArea
        fields = ["position"]


class AreaLocationFilter(PlaceFilter):
    """For the locations of one area."""

    product_id = IdFilter(method="growing", help_text="Where this product is grown now.")
    has_config = django_filters.BooleanFilter(
        method="configured", help_text="false: locations that nobody has configured, whose photos wait."
    )
    has_stock = django_filters.BooleanFilter(method="stocked", help_text="true: locations that hold plants.")
    ordering = StableOrdering(fields=["code", "name", "area_m2", "quantity"])

    class Meta:
        model = StorageLocation
        fields: list[str] = []

    def growing(self, queryset: QuerySet[Any], name: str, value: int) -> QuerySet[Any]:
        return queryset.filter(Exists(_running_configs().filter(product_id=value)))

    def configured(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        is_configured = Exists(_running_configs())
        return queryset.filter(is_configured if value else ~is_configured)

    def stocked(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return queryset.filter(quantity__gt=0) if value else queryset.filter(quantity=0)


class LocationFilter(AreaLocationFilter):
    """For the locations of all areas."""

    warehouse_id = IdFilter(field_name="storage_area__warehouse_id")
    area_id = IdFilter(field_name="storage_area_id")


def _running_configs() -> QuerySet[StorageLocationConfig]:
    """The configuration in force of a location, in a query of locations."""
    return StorageLocationConfig.objects.running().filter(storage_location=OuterRef("pk"))
