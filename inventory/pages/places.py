"""All places: warehouses with their areas, one warehouse with its locations, and the locations that were sought."""

from __future__ import annotations

from typing import Any, Final

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from demeter.accounts.page_permissions import require_reader
from inventory.choices import WarehouseType
from inventory.models import StorageLocation, Warehouse
from inventory.pages.forms import PlaceSearchForm, Shown
from inventory.pages.map_drawing import draw_nursery, draw_warehouse
from inventory.querysets import StorageLocationQuerySet
from inventory.services.place_map import CHANGE_DAYS
from inventory.services.place_overview import location_summaries, locations_due, nursery_summary

PER_PAGE: Final = 50


@require_safe
@require_reader
def places(request: HttpRequest) -> HttpResponse:
    """All warehouses with their areas; with `?q=` or `?show=` the locations that fit, on pages."""
    form = PlaceSearchForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    context: dict[str, Any] = {"form": form, "change_days": CHANGE_DAYS}
    if wanted.get("q") or wanted.get("show"):
        context |= _found(request, wanted)
    else:
        nursery = nursery_summary()
        types = {house.type for house in nursery.warehouses}
        context |= {
            "nursery": nursery,
            "drawing": draw_nursery(nursery.warehouses),
            "types": [kind for kind in WarehouseType if kind in types],
        }
    return render(request, "inventory/places.html", context)


@require_safe
@require_reader
def warehouse(request: HttpRequest, warehouse_id: int) -> HttpResponse:
    """One warehouse in use: its areas, and the locations of each."""
    get_object_or_404(Warehouse.objects.in_use(), pk=warehouse_id)
    summary = nursery_summary(warehouse_id=warehouse_id).warehouses[0]
    context = {"warehouse": summary, "drawing": draw_warehouse(summary), "change_days": CHANGE_DAYS}
    return render(request, "inventory/warehouse.html", context)


def _found(request: HttpRequest, wanted: dict[str, Any]) -> dict[str, Any]:
    """A page of the locations that were sought."""
    page = Paginator(_locations(wanted), PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    return {
        "is_search": True,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "found": location_summaries(page.object_list),
        "query": query.urlencode(),
    }


def _locations(wanted: dict[str, Any]) -> StorageLocationQuerySet:
    locations: StorageLocationQuerySet = (
        StorageLocation.objects.in_use().select_related("storage_area__warehouse").order_by("code", "pk")
    )
    if wanted.get("show") == Shown.DUE:
        locations = locations.filter(pk__in=locations_due().values("pk"))
    elif wanted.get("show") == Shown.UNCONFIGURED:
        locations = locations.exclude(configs__is_active=True)
    elif wanted.get("show") == Shown.STOCKED:
        locations = locations.with_stock().filter(quantity__gt=0)
    return locations.matching(wanted["q"]) if wanted.get("q") else locations
