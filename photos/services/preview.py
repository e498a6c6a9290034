"""What a change would do to the stock, before anybody decides: the change is tried and taken back."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Sum

from inventory.models import Product, StockBatch, StorageLocation


@dataclass(frozen=True)
class StockChange:
    """Living plants of a product at a place before and after a change."""

    location: StorageLocation
    product: Product
    before: int
    after: int


def preview_stock(change: Callable[[], object], location_ids: Collection[int]) -> list[StockChange]:
    """What `change` does to the stock of these places. Nothing it writes stays; what it refuses is raised.

    The change must only touch the database: messages are sent on commit, and there is none.
    """
    with transaction.atomic():
        before = _stock(location_ids)
        savepoint = transaction.savepoint()
        try:
            change()
            after = _stock(location_ids)
        finally:
            transaction.savepoint_rollback(savepoint)
    locations = StorageLocation.objects.in_bulk({place for place, _product in {*before, *after}})
    products = Product.objects.in_bulk({product for _place, product in {*before, *after}})
    pairs = {key: (before.get(key, 0), after.get(key, 0)) for key in sorted({*before, *after})}
    return [
        StockChange(locations[place], products[product], was, becomes)
        for (place, product), (was, becomes) in pairs.items()
        if was != becomes
    ]


def _stock(location_ids: Collection[int]) -> dict[tuple[int, int], int]:
    rows = (
        StockBatch.objects.filter(storage_location__in=location_ids)
        .values_list("storage_location", "product")
        .annotate(held=Sum("quantity_current"))
        .order_by()
    )
    return {(place, product): held for place, product, held in rows}
