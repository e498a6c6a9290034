"""From quantities of a place to lines of its ledger: which batch, under which count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from inventory.choices import PHOTO_CATEGORIES, BinCategory
from inventory.models import (
    PackagingCatalog,
    Product,
    ProductState,
    StockBatch,
    StorageBinType,
    StorageLocation,
    StorageLocationConfig,
)
from inventory.services.allocation import BatchState, NewBatch, Slot, spread
from inventory.services.ledger import MovementDetails, create_batch
from inventory.services.places import get_photo_bin
from inventory.services.statement import Count

Key = tuple[UUID, datetime]  # the count that a line belongs to, and the moment it is dated

_BIN_TYPE_CODES: Final = {
    BinCategory.SEGMENT: "SEGMENT",
    BinCategory.BOX: "BOX",
    BinCategory.PLUG: "PLUG",
}


@dataclass(frozen=True)
class Line:
    """A line that will be written: so many plants more or fewer in one batch."""

    batch: StockBatch
    quantity: int
    details: MovementDetails


def held_by_product(batches: Iterable[StockBatch]) -> dict[int, int]:
    """Living plants in these batches by product."""
    held: dict[int, int] = defaultdict(int)
    for batch in batches:
        held[batch.product_id] += batch.quantity_current
    return dict(held)


def batch_states(
    batches: Sequence[StockBatch],
    rows: Sequence[Mapping[str, Any]],
    *,
    pending: Sequence[Line],
    own_batches: Collection[int],
) -> list[BatchState]:
    """The batches of one product as they stand once the pending movements are written, newest first."""
    last_category = {
        row["batch_id"]: row["destination_bin__storage_bin_type__category"]
        for row in rows
        if row["destination_bin__storage_bin_type__category"]
    }
    waiting: dict[int, int] = defaultdict(int)
    for line in pending:
        waiting[line.batch.pk] += line.quantity
    states = []
    for batch in batches:
        stands_in = batch.current_storage_bin
        category = stands_in.storage_bin_type.category if stands_in else last_category.get(batch.pk)
        states.append(
            BatchState(
                batch.pk,
                BinCategory(category) if category else None,
                batch.quantity_current + waiting[batch.pk],
                is_own=batch.pk in own_batches,
            )
        )
    return states


def shown_by_category(
    deciding: Count | None, after_by_batch: Mapping[int, int], states: Sequence[BatchState], total: int
) -> dict[BinCategory, int] | None:
    """What the containers of each category should hold: the count's, and what was recorded in them since.

    None where the count does not tell containers apart, or the place keeps another total until a person decides.
    """
    if deciding is None or not deciding.by_category:
        return None
    shown: dict[BinCategory, int] = defaultdict(int)
    for category, quantity in deciding.by_category.items():
        shown[PHOTO_CATEGORIES[category]] += quantity
    fallback = max(shown, key=lambda category: shown[category])
    shown[fallback] += deciding.quantity - sum(shown.values())
    categories = {state.pk: state.category for state in states}
    for batch_pk, quantity in after_by_batch.items():
        stands_in = categories.get(batch_pk)
        shown[PHOTO_CATEGORIES[stands_in] if stands_in else fallback] += quantity
    return dict(shown) if sum(shown.values()) == total else None


def changes_of(
    states: Sequence[BatchState], total: int, shown: Mapping[BinCategory, int] | None
) -> dict[Slot, int]:
    """How many plants more or fewer each batch must hold."""
    now = {state.pk: state.quantity for state in states}
    final = spread(states, total, shown)
    return {slot: quantity - (now[slot] if isinstance(slot, int) else 0) for slot, quantity in final.items()}


def place_changes(
    due: Mapping[Key, int], changes: Mapping[Slot, int], main: Key, *, fallback: Sequence[BatchState]
) -> dict[tuple[Key, Slot], int]:
    """Lay what each count must add on batches: with its rows and columns summed, `due` and `changes` both hold.

    All counts but the main one write on one batch; the main one writes the rest.
    """
    spare: Slot = fallback[0].pk if fallback else NewBatch(BinCategory.SEGMENT)
    pivot = max(changes, key=lambda slot: abs(changes[slot]), default=spare)
    placed: dict[tuple[Key, Slot], int] = defaultdict(int)
    for slot, quantity in changes.items():
        placed[main, slot] += quantity
    for key, quantity in due.items():
        if key != main:
            placed[key, pivot] += quantity
            placed[main, pivot] -= quantity
    return {where: quantity for where, quantity in placed.items() if quantity}


def open_batch(
    location: StorageLocation, product_id: int, category: BinCategory, count: Count | None
) -> StockBatch:
    """A new, empty batch in the place's bin for what photos show of a category."""
    product = Product.objects.get(pk=product_id)
    state_id, packaging_id = _labels(location, product_id, count)
    moment = count.counted_at if count is not None else timezone.now()
    return create_batch(
        storage_location=location,
        storage_bin=get_photo_bin(location, _bin_type(category)),
        product=product,
        product_state=ProductState.objects.get(pk=state_id),
        packaging=PackagingCatalog.objects.get(pk=packaging_id) if packaging_id else None,
        quality_score=count.quality_score if count is not None else None,
        custom_attributes=_origin(count, category),
        on=timezone.localdate(moment),
    )


def _origin(count: Count | None, category: BinCategory) -> dict[str, str | None]:
    """The session of photos that opened a batch, and how its plants were counted."""
    if count is None or not count.is_photo:
        return {"session_id": None, "method": "manual"}
    method = count.methods.get(PHOTO_CATEGORIES[category])
    return {"session_id": str(count.uuid), "method": method and str(method)}


def any_batch(location: StorageLocation, product: Product) -> StockBatch:
    """The newest batch of a product at a place, a new one if there is none."""
    known = StockBatch.objects.at_location(location).of_product(product).newest_first().first()
    return known or open_batch(location, product.pk, BinCategory.SEGMENT, None)


def _labels(location: StorageLocation, product_id: int, count: Count | None) -> tuple[int, int | None]:
    """State and packaging of a new batch: as the count's photo, else as the place grew this product last."""
    if count is not None and count.product_state_id is not None and count.product_id == product_id:
        return count.product_state_id, count.packaging_id
    grown = StorageLocationConfig.objects.filter(storage_location=location, product=product_id)
    if config := grown.order_by("-started_at").first():
        return config.expected_product_state_id, config.packaging_id
    if earlier := StockBatch.objects.filter(product=product_id).order_by("-pk").first():
        return earlier.product_state_id, earlier.packaging_id
    return ProductState.objects.order_by("sort_order", "pk").values_list("pk", flat=True)[0], None


def _bin_type(category: BinCategory) -> StorageBinType:
    """The type of the place's bin for what photos show; made again if somebody has deleted it."""
    code = _BIN_TYPE_CODES[category]
    of_category = StorageBinType.objects.filter(category=category)
    known = of_category.filter(code=code).first() or of_category.order_by("is_grid", "pk").first()
    if known is not None:
        return known
    while StorageBinType.objects.filter(code=code).exists():  # taken by a type of another category
        code = f"{code}_PHOTO"
    bin_type = StorageBinType(code=code, name=str(category.label), category=category)
    bin_type.full_clean()
    bin_type.save()
    return bin_type
