"""What people see of all places at once: what each holds, how that has changed, and where something is left to do."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from inventory.choices import AreaPosition, WarehouseType
from inventory.models import Product, StorageLocation, StorageLocationConfig
from inventory.services.place_map import LocationStock, change_since, place_map, stock_by_location

_DIGITS: Final = re.compile(r"(\d+)")


@dataclass(frozen=True, kw_only=True)
class LocationSummary:
    """A claro: living plants now, the change since `change_since`, its newest photo, and what grows there.

    product: None where nothing is configured; the counts of its photos wait then.
    lies_in: warehouse and area, where the place stands in no list of theirs.
    """

    id: int
    code: str
    name: str
    polygon: Mapping[str, Any]
    quantity: int
    change: int
    last_photo_at: datetime | None
    product: Product | None
    is_photo_due: bool
    lies_in: str = ""

    @property
    def location_count(self) -> int:
        """One: itself."""
        return 1

    @property
    def due_count(self) -> int:
        """One if its photo is due."""
        return int(self.is_photo_due)

    @property
    def unconfigured_count(self) -> int:
        """One if nothing is configured here."""
        return int(self.product is None)


class _Sums(ABC):
    """The sums of what a place contains."""

    @property
    @abstractmethod
    def parts(self) -> Collection[Any]: ...

    @property
    def quantity(self) -> int:
        return sum(part.quantity for part in self.parts)

    @property
    def change(self) -> int:
        return sum(part.change for part in self.parts)

    @property
    def last_photo_at(self) -> datetime | None:
        return max((part.last_photo_at for part in self.parts if part.last_photo_at), default=None)

    @property
    def location_count(self) -> int:
        return sum(part.location_count for part in self.parts)

    @property
    def due_count(self) -> int:
        return sum(part.due_count for part in self.parts)

    @property
    def unconfigured_count(self) -> int:
        return sum(part.unconfigured_count for part in self.parts)


@dataclass(frozen=True, kw_only=True)
class AreaSummary(_Sums):
    """A cantero with its claros."""

    id: int
    code: str
    name: str
    polygon: Mapping[str, Any]
    position: AreaPosition | None
    locations: list[LocationSummary]

    @property
    def parts(self) -> list[LocationSummary]:
        """The locations of the area."""
        return self.locations


@dataclass(frozen=True, kw_only=True)
class WarehouseSummary(_Sums):
    """A nave with its canteros."""

    id: int
    code: str
    name: str
    polygon: Mapping[str, Any]
    type: WarehouseType
    areas: list[AreaSummary]

    @property
    def parts(self) -> list[AreaSummary]:
        """The areas of the warehouse."""
        return self.areas


@dataclass(frozen=True)
class NurserySummary(_Sums):
    """All warehouses in use, in the order in which people count: N2 before N10."""

    change_since: datetime
    warehouses: list[WarehouseSummary]

    @property
    def parts(self) -> list[WarehouseSummary]:
        """The warehouses of the nursery."""
        return self.warehouses


def nursery_summary(*, warehouse_id: int | None = None, today: date | None = None) -> NurserySummary:
    """Everything in use, or one warehouse. Seven queries, however many places there are."""
    tree = place_map(today=today, warehouse_id=warehouse_id)
    products = products_by_location(
        StorageLocation.objects.in_use().filter(storage_area__warehouse=warehouse_id)
        if warehouse_id is not None
        else None
    )
    warehouses = [_warehouse(row, products) for row in tree["warehouses"]]
    return NurserySummary(tree["change_since"], sorted(warehouses, key=natural_order))


def location_summaries(locations: Iterable[StorageLocation]) -> list[LocationSummary]:
    """The same of some locations (with their area and warehouse), in their order. Four queries."""
    locations = list(locations)
    ids = [location.pk for location in locations]
    stock, products = stock_by_location(change_since(), ids), products_by_location(ids)
    nothing = LocationStock()
    return [
        _location(
            {
                "id": location.pk,
                "code": location.code,
                "name": location.name,
                "polygon": location.polygon,
                **vars(stock.get(location.pk, nothing)),
            },
            products,
            lies_in=f"{location.storage_area.warehouse.name} · {location.storage_area.name}",
        )
        for location in locations
    ]


def products_by_location(locations: Any = None) -> dict[int, Product]:
    """What is configured to grow at each of these locations (ids or a queryset; None: all). One query."""
    running = StorageLocationConfig.objects.running().select_related("product")
    if locations is not None:
        running = running.filter(storage_location__in=locations)
    return {config.storage_location_id: config.product for config in running}


def locations_due() -> QuerySet[StorageLocation]:
    """The locations in use where something grows and of which a photo is due (settings.PHOTO_DUE_DAYS)."""
    never_or_long_ago = Q(last_photo_at=None) | Q(last_photo_at__lt=_due_before())
    grown = StorageLocationConfig.objects.running().values("storage_location")
    return StorageLocation.objects.in_use().filter(never_or_long_ago, pk__in=grown)


def is_photo_due(last_photo_at: datetime | None) -> bool:
    """Whether a location where something grows should be photographed again: `locations_due` for one that is loaded."""
    return last_photo_at is None or last_photo_at < _due_before()


def _due_before() -> datetime:
    return timezone.now() - timedelta(days=settings.PHOTO_DUE_DAYS)


def natural_order(place: Any) -> list[tuple[int, int, str]]:
    """A key that sorts numbers within codes by their value: N2 before N10."""
    pieces = _DIGITS.split(place.code)
    return [(0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in pieces if piece]


def _warehouse(row: Mapping[str, Any], products: Mapping[int, Product]) -> WarehouseSummary:
    areas = [_area(area, products) for area in row["areas"]]
    return WarehouseSummary(
        id=row["id"],
        code=row["code"],
        name=row["name"],
        polygon=row["polygon"],
        type=WarehouseType(row["type"]),
        areas=sorted(areas, key=natural_order),
    )


def _area(row: Mapping[str, Any], products: Mapping[int, Product]) -> AreaSummary:
    locations = [_location(location, products) for location in row["locations"]]
    return AreaSummary(
        id=row["id"],
        code=row["code"],
        name=row["name"],
        polygon=row["polygon"],
        position=AreaPosition(row["position"]) if row["position"] else None,
        locations=sorted(locations, key=natural_order),
    )


def _location(
    row: Mapping[str, Any], products: Mapping[int, Product], *, lies_in: str = ""
) -> LocationSummary:
    product = products.get(row["id"])
    return LocationSummary(
        id=row["id"],
        code=row["code"],
        name=row["name"],
        polygon=row["polygon"],
        quantity=row["quantity"],
        change=row["change"],
        last_photo_at=row["last_photo_at"],
        product=product,
        is_photo_due=product is not None and is_photo_due(row["last_photo_at"]),
        lies_in=lies_in,
    )
