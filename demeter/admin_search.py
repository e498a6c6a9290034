"""What Ctrl+K of the administration finds beside its pages: places, photos, batches and products by code or name."""

from typing import Any, Final, cast

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from unfold.dataclasses import SearchResult

MAX_OF_A_KIND: Final = 8
# What is searched by the search fields of its list, with the icon of its results.
_SEARCHED: Final = (
    ("inventory.storagelocation", "location_on"),
    ("photos.image", "photo_library"),
    ("inventory.stockbatch", "inventory_2"),
    ("inventory.product", "psychiatry"),
)


def find_rows(request: HttpRequest, text: str) -> list[SearchResult]:
    """The first rows of each kind that this user may view. unfold's own search of models would read all of them."""
    return [result for name, icon in _SEARCHED for result in _rows_of(request, name, icon, text)]


def _rows_of(request: HttpRequest, name: str, icon: str, text: str) -> list[SearchResult]:
    model = apps.get_model(name)
    page = cast(Any, admin.site.get_model_admin(model))
    if not page.has_view_permission(request):
        return []
    found, _has_duplicates = page.get_search_results(request, page.get_queryset(request), text)
    address = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
    return [
        SearchResult(
            title=str(row),
            description=str(capfirst(model._meta.verbose_name)),
            link=reverse(address, args=[row.pk]),
            icon=icon,
        )
        for row in found[:MAX_OF_A_KIND]
    ]
