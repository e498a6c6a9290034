"""The map of the nursery: every outline in use, with what stands there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db.models import Sum
from django.utils import timezone

from inventory.models import StockBatch, StockMovement, StorageArea, StorageLocation, Warehouse
from inventory.services.place_photos import PlaceLevel, place_photos

CHANGE_DAYS: Final = 30
MAX_CHANGE_DAYS: Final = 366
_SHARED: Final = ("id", "code", "name", "polygon")


@dataclass(frozen=True)
class LocationStock:
    """Living plants now, what they are more (+) or fewer (−) than at the beginning, and the date of the last photo."""

    quantity: int = 0
    change: int = 0
    last_photo_at: datetime | None = None


def place_map(
    days: int = CHANGE_DAYS, *, today: date | None = None, warehouse_id: int | None = None
) -> dict[str, Any]:
    """All places in use as one tree: {change_since, warehouses: [{…, areas: [{…, locations: [{…}]}]}]}.

    Each has its outline (GeoJSON Polygon, WGS 84), `quantity` (living plants now), `change` (since the beginning of the
    day so many days ago, so that the answer stays the same all day) and `last_photo_at`. Six queries, however many
    places there are. An area holds what its locations hold, a warehouse what its areas hold. With `warehouse_id`, that
    warehouse alone.
    """
    since = change_since(days, today=today)
    locations = StorageLocation.objects.in_use().order_by("code").values(*_SHARED, "storage_area_id")
    areas = StorageArea.objects.in_use().order_by("code").values(*_SHARED, "position", "warehouse_id")
    warehouses = Warehouse.objects.in_use().order_by("code").values(*_SHARED, "warehouse_type")
    ids: set[int] | None = None
    if warehouse_id is not None:
        warehouses = warehouses.filter(pk=warehouse_id)
        areas = areas.filter(warehouse=warehouse_id)
        locations = locations.filter(storage_area__warehouse=warehouse_id)
        ids = {row["id"] for row in locations}
    stock = stock_by_location(since, ids)
    in_area = _grouped(
        ({**row, **_columns(stock.get(row["id"], LocationStock()))} for row in locations), "storage_area_id"
    )
    in_warehouse = _grouped(
        (_with_children(_known(row), "locations", in_area) for row in areas), "warehouse_id"
    )
    rows = [_with_children(row, "areas", in_warehouse) for row in warehouses]
    for row in rows:
        row["type"] = row.pop("warehouse_type")
    return {"change_since": since, "warehouses": rows}


def _known(area: dict[str, Any]) -> dict[str, Any]:
    """A position that nobody has named is none."""
    return {**area, "position": area["position"] or None}


def change_since(days: int = CHANGE_DAYS, *, today: date | None = None) -> datetime:
    """From when on changes are counted: the beginning of the day so many days ago."""
    day = (today or timezone.localdate()) - timedelta(days=days)
    return timezone.make_aware(datetime.combine(day, time.min))


def stock_by_location(
    since: datetime, location_ids: Collection[int] | None = None
) -> dict[int, LocationStock]:
    """What stands at locations, of all where no ids are given; one without a past is left out. Three queries."""
    batches, moved = StockBatch.objects.in_stock(), StockMovement.objects.filter(occurred_at__gte=since)
    if location_ids is not None:
        batches = batches.filter(storage_location__in=location_ids)
        moved = moved.filter(batch__storage_location__in=location_ids)
    held = _sums(batches.values_list("storage_location").annotate(Sum("quantity_current")))
    changed = _sums(moved.values_list("batch__storage_location").annotate(Sum("quantity")))
    photographed = place_photos().last_taken_at(PlaceLevel.LOCATION, location_ids)
    return {
        pk: LocationStock(held.get(pk, 0), changed.get(pk, 0), photographed.get(pk))
        for pk in {*held, *changed, *photographed}
    }


def _sums(rows: Any) -> dict[int, int]:
    return dict(rows.order_by())


def _columns(stock: LocationStock) -> dict[str, Any]:
    return {"quantity": stock.quantity, "change": stock.change, "last_photo_at": stock.last_photo_at}


def _grouped(rows: Iterable[dict[str, Any]], parent: str) -> dict[int, list[dict[str, Any]]]:
    """The rows by the id of their parent, which is taken out of them."""
    groups: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row.pop(parent)].append(row)
    return groups


def _with_children(
    row: Mapping[str, Any], name: str, groups: Mapping[int, list[dict[str, Any]]]
) -> dict[str, Any]:
    """A place with what it contains, and the sums of that."""
    children = groups.get(row["id"], [])
    dates = [child["last_photo_at"] for child in children if child["last_photo_at"] is not None]
    sums = LocationStock(
        quantity=sum(child["quantity"] for child in children),
        change=sum(child["change"] for child in children),
        last_photo_at=max(dates, default=None),
    )
    return {**row, **_columns(sums), name: children}
