"""The stock in a few lines: by warehouse and product, and what the ledger took in last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from django.db.models import Count, Sum
from django.utils import timezone

from inventory.choices import MovementType
from inventory.models import Product, StockBatch, StockMovement, StorageLocation

CHANGE_DAYS: Final = 7
_READ_MOVEMENTS: Final = 200  # of which the newest changes are put together


@dataclass(frozen=True)
class AreaStock:
    """What stands in one storage area (cantero). change: plants since CHANGE_DAYS days ago."""

    name: str
    plants: int
    locations: int
    change: int = 0


@dataclass(frozen=True)
class WarehouseStock:
    """What stands in one warehouse (nave)."""

    name: str
    beds: list[AreaStock] = field(default_factory=list)

    @property
    def plants(self) -> int:
        """Plants in all of its beds."""
        return sum(bed.plants for bed in self.beds)

    @property
    def change(self) -> int:
        """By how many plants its beds changed."""
        return sum(bed.change for bed in self.beds)


@dataclass(frozen=True)
class ProductSum:
    """What stands of one product, and in how many places."""

    product: Product
    plants: int
    locations: int


@dataclass(frozen=True)
class StockChange:
    """What one event did to a product at a place: `quantity` plants, signed. session_uuid: the count it came from."""

    location: StorageLocation
    product: Product
    movement_type: MovementType
    quantity: int
    recorded_at: datetime
    recorded_by: str
    session_uuid: UUID | None


def stock_by_place() -> list[WarehouseStock]:
    """The plants in stock at places in use, by warehouse and area, in the order of their codes: two queries.

    An area whose plants all went since CHANGE_DAYS days ago is among them, for that change.
    """
    batches = StockBatch.objects.in_stock().at_places_in_use().order_by()
    sums = batches.values_list(*_columns("storage_location")).annotate(
        plants=Sum("quantity_current"), locations=Count("storage_location", distinct=True)
    )
    held = {tuple(area): (plants, locations) for *area, plants, locations in sums}
    changes = _changes_by_area()
    areas = groupby(sorted({*held, *changes}), key=lambda area: area[:2])
    return [
        WarehouseStock(
            name, [AreaStock(area[3], *held.get(area, (0, 0)), changes.get(area, 0)) for area in beds]
        )
        for (_code, name), beds in areas
    ]


def stock_by_product(at_most: int) -> list[ProductSum]:
    """The products of which most plants stand at places in use: two queries."""
    rows = list(
        StockBatch.objects.in_stock()
        .at_places_in_use()
        .order_by()
        .values_list("product")
        .annotate(plants=Sum("quantity_current"), locations=Count("storage_location", distinct=True))
        .order_by("-plants", "product")[:at_most]
    )
    products = Product.objects.in_bulk([pk for pk, _, _ in rows])
    return [ProductSum(products[pk], plants, locations) for pk, plants, locations in rows]


def latest_changes(at_most: int) -> list[StockChange]:
    """What the ledger took in last, newest first: one query of at most _READ_MOVEMENTS lines.

    The lines of one event (a count, a transplant, what a person recorded) are one change of each product and place.
    Lines that cancel out are none.
    """
    newest = StockMovement.objects.select_related(
        "batch__storage_location__storage_area__warehouse", "batch__product", "user"
    ).order_by("-pk")[:_READ_MOVEMENTS]
    events: dict[Hashable, list[StockMovement]] = defaultdict(list)
    for line in newest:
        event = line.session_uuid or line.reference or line.pk
        place, product = line.batch.storage_location_id, line.batch.product_id
        events[event, line.movement_type, place, product].append(line)
    changes: list[StockChange] = []
    for lines in events.values():
        quantity = sum(line.quantity for line in lines)
        if quantity and len(changes) < at_most:
            changes.append(_change(lines[0], quantity))
    return changes


def _change(line: StockMovement, quantity: int) -> StockChange:
    return StockChange(
        location=line.batch.storage_location,
        product=line.batch.product,
        movement_type=MovementType(line.movement_type),
        quantity=quantity,
        recorded_at=line.created_at,
        recorded_by=line.user.name,
        session_uuid=line.session_uuid,
    )


def _columns(location: str) -> list[str]:
    """The warehouse and the area of a location, by code and name. `location`: the path to it."""
    area = f"{location}__storage_area"
    return [f"{area}__warehouse__code", f"{area}__warehouse__name", f"{area}__code", f"{area}__name"]


def _changes_by_area() -> dict[tuple[str, ...], int]:
    """Plants that came or went since the beginning of the day CHANGE_DAYS days ago, by area; none that is zero."""
    day = timezone.localdate() - timedelta(days=CHANGE_DAYS)
    since = timezone.make_aware(datetime.combine(day, time.min))
    moved = StockMovement.objects.filter(occurred_at__gte=since).at_places_in_use().order_by()
    sums = moved.values_list(*_columns("batch__storage_location")).annotate(Sum("quantity"))
    return {tuple(area): quantity for *area, quantity in sums if quantity}
