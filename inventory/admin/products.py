"""Admin pages of what is grown."""

from __future__ import annotations

from django.contrib import admin

from demeter.admin_base import ModelAdmin
from inventory.models import Product, ProductCategory, ProductFamily, ProductSize, ProductState


@admin.register(ProductCategory)
class ProductCategoryAdmin(ModelAdmin):
    list_display = ["code", "name"]
    search_fields = ["code", "name"]


@admin.register(ProductFamily)
class ProductFamilyAdmin(ModelAdmin):
    list_display = ["name", "category", "scientific_name"]
    list_filter = ["category"]
    list_select_related = ["category"]
    search_fields = ["name", "scientific_name"]
    autocomplete_fields = ["category"]


@admin.register(Product)
class ProductAdmin(ModelAdmin):
    list_display = ["sku", "common_name", "scientific_name", "family", "is_active"]
    list_filter = ["family__category", "is_active"]
    list_select_related = ["family"]
    search_fields = ["sku", "common_name", "scientific_name"]
    autocomplete_fields = ["family"]
    readonly_fields = ["created_at", "updated_at"]


@admin.register(ProductState)
class ProductStateAdmin(ModelAdmin):
    list_display = ["code", "name", "is_sellable", "sort_order"]
    list_filter = ["is_sellable"]
    search_fields = ["code", "name"]


@admin.register(ProductSize)
class ProductSizeAdmin(ModelAdmin):
    list_display = ["code", "name", "min_height_cm", "max_height_cm", "sort_order"]
    search_fields = ["code", "name"]
