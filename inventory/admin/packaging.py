"""Admin pages of pots and trays."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from demeter.admin_base import ModelAdmin
from inventory.admin.autocompletes import OfferedWhileActive
from inventory.models import PackagingCatalog, PackagingColor, PackagingMaterial, PackagingType


@admin.register(PackagingType)
class PackagingTypeAdmin(ModelAdmin):
    """Kinds of packaging, such as pot or tray."""

    list_display = ["code", "name"]
    search_fields = ["code", "name"]


@admin.register(PackagingMaterial)
class PackagingMaterialAdmin(ModelAdmin):
    """Materials that packaging is made of."""

    list_display = ["code", "name"]
    search_fields = ["code", "name"]


@admin.register(PackagingColor)
class PackagingColorAdmin(ModelAdmin):
    """Colours of packaging, each shown as a swatch of its hex code."""

    list_display = ["name", "swatch", "hex_code"]
    search_fields = ["name", "hex_code"]

    @admin.display(description=_("colour"))
    def swatch(self, color: PackagingColor) -> SafeString:
        return format_html(
            '<span style="display: inline-block; width: 1.5em; height: 1.5em; background: {}"></span>',
            color.hex_code,
        )


@admin.register(PackagingCatalog)
class PackagingCatalogAdmin(OfferedWhileActive):
    """Packaging in use is switched off instead of deleted: the database refuses to delete it."""

    list_display = [
        "sku",
        "name",
        "packaging_type",
        "material",
        "color",
        "diameter_cm",
        "volume_l",
        "is_active",
    ]
    list_filter = ["packaging_type", "material", "color", "is_active"]
    list_select_related = ["packaging_type", "material", "color"]
    search_fields = ["sku", "name"]
    autocomplete_fields = ["packaging_type", "material", "color"]
