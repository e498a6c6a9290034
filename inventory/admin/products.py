"""Admin pages of what is grown."""

from __future__ import annotations

from django.contrib import admin

from demeter.admin_base import ModelAdmin
from inventory.admin.autocompletes import OfferedWhileActive
from inventory.models import Product, ProductCategory, ProductFamily, ProductSize, ProductState


@admin.register(ProductCategory)
class ProductCategoryAdmin(ModelAdmin):
    """Product categories, such as cactus or succulent, as the price list has them."""

    list_display = ["code", "name"]
    search_fields = ["code", "name"]


@admin.register(ProductFamily)
class ProductFamilyAdmin(ModelAdmin):
    """Families (genera) within a category."""

    list_display = ["name", "category", "scientific_name"]
    list_filter = ["category"]
    list_select_related = ["category"]
    search_fields = ["name", "scientific_name"]
    autocomplete_fields = ["category"]


@admin.register(Product)
class ProductAdmin(OfferedWhileActive):
    """Products (species and varieties), each with its SKU."""

    list_display = ["sku", "common_name", "scientific_name", "family", "is_active"]
    list_filter = ["family__category", "is_active"]
    list_select_related = ["family"]
    search_fields = ["sku", "common_name", "scientific_name"]
    autocomplete_fields = ["family"]
    readonly_fields = ["created_at", "updated_at"]


@admin.register(ProductState)
class ProductStateAdmin(ModelAdmin):
    """Growth states of plants, in their order, and which of them can be sold."""

    list_display = ["code", "name", "is_sellable", "sort_order"]
    list_filter = ["is_sellable"]
    search_fields = ["code", "name"]


@admin.register(ProductSize)
class ProductSizeAdmin(ModelAdmin):
    """Size classes of plants by their height in cm."""

    list_display = ["code", "name", "min_height_cm", "max_height_cm", "sort_order"]
    search_fields = ["code", "name"]
