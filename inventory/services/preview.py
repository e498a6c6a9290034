"""What a change would do to the stock, before anybody decides: the change is tried and taken back."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from django.db import transaction
from django.db.models import Max, Sum

from demeter.accounts.models import User
from inventory.choices import MovementSource, MovementType
from inventory.models import Product, StockBatch, StockMovement, StorageLocation
from inventory.services.ledger import lock_locations
from inventory.services.settlement import Settlement, settle

Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class StockChange:
    """Living plants of a product at a place before and after a change."""

    location: StorageLocation
    product: Product
    before: int
    after: int


@dataclass(frozen=True)
class Shortfall:
    """A place whose statement of a product lies `missing` plants below zero: it keeps the `kept` that it has."""

    location: StorageLocation
    product: Product
    kept: int
    missing: int


@dataclass(frozen=True)
class WrittenAdjustment:
    """An adjustment of `quantity` plants (signed) that the change writes in a person's name."""

    location: StorageLocation
    product: Product
    quantity: int
    user: User


@dataclass(frozen=True)
class StockPreview(Generic[Outcome]):
    """What a change does to the stock of some places. All three empty: the stock stays as it is.

    outcome: what the change itself returned; rows in it may not exist any more.
    """

    outcome: Outcome
    changes: list[StockChange] = field(default_factory=list)
    shortfalls: list[Shortfall] = field(default_factory=list)
    adjustments: list[WrittenAdjustment] = field(default_factory=list)


class _TakenBack(Exception):
    """Ends the inner transaction of a preview, with all that it wrote and all that it would send on commit."""


def preview_stock(change: Callable[[], Outcome], location_ids: Collection[int]) -> StockPreview[Outcome]:
    """What `change` does to the stock of these places. Nothing it writes stays; what it refuses is raised.

    The change must only touch the database. The places stay locked until the preview is made.
    """
    with transaction.atomic():
        lock_locations(location_ids)
        before = _stock(location_ids)
        last_movement = StockMovement.objects.aggregate(last=Max("pk"))["last"] or 0
        try:
            with transaction.atomic():
                outcome = change()
                settlements = settle(location_ids)  # repeats what the change settled, and tells what is short
                after = _stock(location_ids)
                adjustments = _adjustments(location_ids, last_movement)
                raise _TakenBack
        except _TakenBack:
            pass
    return StockPreview(outcome, _changes(before, after), _shortfalls(settlements), adjustments)


def _stock(location_ids: Collection[int]) -> dict[tuple[int, int], int]:
    rows = (
        StockBatch.objects.filter(storage_location__in=location_ids)
        .values_list("storage_location", "product")
        .annotate(held=Sum("quantity_current"))
        .order_by()
    )
    return {(place, product): held for place, product, held in rows}


def _changes(before: dict[tuple[int, int], int], after: dict[tuple[int, int], int]) -> list[StockChange]:
    pairs = {key: (before.get(key, 0), after.get(key, 0)) for key in sorted({*before, *after})}
    changed = {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
    locations = StorageLocation.objects.in_bulk({place for place, _product in changed})
    products = Product.objects.in_bulk({product for _place, product in changed})
    return [
        StockChange(locations[place], products[product], was, becomes)
        for (place, product), (was, becomes) in changed.items()
    ]


def _shortfalls(settlements: Collection[Settlement]) -> list[Shortfall]:
    products = Product.objects.in_bulk({product for s in settlements for product in s.shortfalls})
    return [
        Shortfall(settlement.location, products[product], settlement.after.get(product, 0), missing)
        for settlement in settlements
        for product, missing in settlement.shortfalls.items()
    ]


def _adjustments(location_ids: Collection[int], last_movement: int) -> list[WrittenAdjustment]:
    written = StockMovement.objects.filter(
        pk__gt=last_movement,
        batch__storage_location__in=location_ids,
        movement_type=MovementType.ADJUSTMENT,
        source=MovementSource.MANUAL,  # what the software takes back by itself shows in the changes
    ).select_related("batch__storage_location", "batch__product", "user")
    return [
        WrittenAdjustment(
            movement.batch.storage_location, movement.batch.product, movement.quantity, movement.user
        )
        for movement in written.order_by("pk")
    ]
