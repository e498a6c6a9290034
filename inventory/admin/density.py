"""Admin page of how densely plants stand."""

from __future__ import annotations

from django.contrib import admin

from demeter.admin_base import ModelAdmin
from inventory.models import DensityParameter


@admin.register(DensityParameter)
class DensityParameterAdmin(ModelAdmin):
    """Density parameters by container type, product and packaging; the figures are edited by hand."""

    list_display = [
        "product",
        "storage_bin_type",
        "packaging",
        "avg_diameter_cm",
        "avg_area_per_plant_cm2",
        "plants_per_m2",
        "overlap_adjustment_factor",
    ]
    list_filter = ["storage_bin_type__category", "product__family"]
    list_select_related = ["product", "storage_bin_type", "packaging"]
    search_fields = ["product__common_name", "product__sku", "storage_bin_type__code"]
    autocomplete_fields = ["product", "storage_bin_type", "packaging"]
    readonly_fields = ["created_at", "updated_at"]
