"""What a place holds, computed from the evidence alone: its counts and the movements that people recorded.

What a place holds of a product = what its deciding count shows alive + all movements but `foto` dated after it; without
a count, all movements but `foto`. The order in which the evidence arrived does not matter. Pure: no database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from inventory.choices import BinCategory


class Hold(StrEnum):
    """Why a count decides nothing although it is finished."""

    WAITS = "waits"  # for a person, as the caller knows
    OTHER_PRODUCT = "other_product"  # the place held another product then, and nobody has said that it stays
    NOTHING_FOUND = "nothing_found"  # it shows nothing where plants stood


@dataclass(frozen=True, kw_only=True)
class Count:
    """One count of one product at the place: of a photo, or by hand. Quantities are living plants."""

    uuid: UUID
    key: UUID  # counts with one key replace each other: those of one photo
    product_id: int
    counted_at: datetime
    recorded_at: datetime
    order: int = 0  # among counts of one moment that were recorded at one moment
    rank: int = 0  # among the counts of one key; the highest that nothing holds back is the one that counts
    quantity: int = 0
    by_category: Mapping[BinCategory, int] = field(default_factory=dict)
    methods: Mapping[BinCategory, str] = field(default_factory=dict)  # how the plants of each were found
    waits: bool = False
    needs_sole_product: bool = (
        False  # held back while the place holds another product that nobody has counted since
    )
    cycle_began_at: datetime | None = (
        None  # of this product; what is counted by hand from then on is known to stay
    )
    needs_empty_place: bool = False  # held back where plants stood
    is_photo: bool = True
    is_accepted: bool = False  # a person stands for it, a shortfall included
    product_state_id: int | None = None
    packaging_id: int | None = None
    quality_score: float | None = None


@dataclass(frozen=True, kw_only=True)
class RecordedMovement:
    """A movement of the ledger that is not of type `foto`."""

    product_id: int
    batch_id: int
    quantity: int
    occurred_at: datetime


@dataclass
class ProductStatement:
    """What the place holds of one product by the evidence, and which count decides it."""

    total: int = 0
    deciding: Count | None = None
    after_by_batch: dict[int, int] = field(default_factory=dict)  # recorded after the deciding count


@dataclass
class PlaceStatement:
    """The statement of a whole place.

    corrections: for each (product, key, moment) of a count in force, the plants that `foto` movements of that moment
        must add, so that the ledger holds the count from then on.
    expected: what the place held of a count's product just before it, None where no earlier count says so.
    """

    products: dict[int, ProductStatement]
    corrections: dict[tuple[int, UUID, datetime], int]
    in_force: dict[UUID, Count]  # by key: the count of each photo, or by hand, that counts at its time
    held: dict[UUID, Hold]
    expected: dict[UUID, int | None]


def state_place(counts: Iterable[Count], movements: Iterable[RecordedMovement]) -> PlaceStatement:
    """Go through the evidence by date. A movement of the very moment of a count lies before it."""
    by_key: dict[UUID, list[Count]] = defaultdict(list)
    for count in counts:
        by_key[count.key].append(count)
    groups = sorted(by_key.values(), key=lambda group: _moment(group[0]))
    pending = sorted(movements, key=lambda movement: movement.occurred_at)
    result = PlaceStatement(
        products=defaultdict(ProductStatement), corrections={}, in_force={}, held={}, expected={}
    )
    position = 0
    for group in groups:
        moment = group[0].counted_at
        while position < len(pending) and pending[position].occurred_at <= moment:
            _apply(result, pending[position])
            position += 1
        _decide(result, group)
    for movement in pending[position:]:
        _apply(result, movement)
    return result


def _moment(count: Count) -> tuple[datetime, datetime, int]:
    return count.counted_at, count.recorded_at, count.order


def _apply(result: PlaceStatement, movement: RecordedMovement) -> None:
    product = result.products[movement.product_id]
    product.total += movement.quantity
    after = product.after_by_batch
    after[movement.batch_id] = after.get(movement.batch_id, 0) + movement.quantity


def _decide(result: PlaceStatement, group: Sequence[Count]) -> None:
    """Apply the best count of one photo, or none of them."""
    for count in group:
        known = result.products[count.product_id]
        result.expected[count.uuid] = known.total if known.deciding is not None else None
    for count in sorted(group, key=lambda count: -count.rank):
        hold = _hold(result, count)
        if hold is not None:
            result.held[count.uuid] = hold
        elif count.key not in result.in_force:
            result.in_force[count.key] = count
    chosen = result.in_force.get(group[0].key)
    if chosen is None:
        return
    product = result.products[chosen.product_id]
    result.corrections[chosen.product_id, chosen.key, chosen.counted_at] = chosen.quantity - product.total
    product.total = chosen.quantity
    product.deciding = chosen
    product.after_by_batch = {}


def _hold(result: PlaceStatement, count: Count) -> Hold | None:
    if count.waits:
        return Hold.WAITS
    others = [state for product_id, state in result.products.items() if product_id != count.product_id]
    if count.needs_sole_product and any(
        state.total > 0 and not _is_known_to_stay(state, count) for state in others
    ):
        return Hold.OTHER_PRODUCT
    if count.needs_empty_place and count.quantity == 0 and result.products[count.product_id].total > 0:
        return Hold.NOTHING_FOUND
    return None


def _is_known_to_stay(other: ProductStatement, count: Count) -> bool:
    """Whether a person has counted another product since this one's cycle began: once is enough for all its photos."""
    decides, began_at = other.deciding, count.cycle_began_at
    return (
        decides is not None
        and not decides.is_photo
        and began_at is not None
        and decides.counted_at >= began_at
    )
