"""How the plants that a place holds are spread over its batches. Pure: no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inventory.choices import PHOTO_CATEGORIES, BinCategory


@dataclass(frozen=True)
class BatchState:
    """A batch before the spreading. `quantity` may be below zero where a movement takes more than it holds."""

    pk: int
    category: BinCategory | None  # of the bin it stands in; None: in no bin
    quantity: int
    is_own: bool = False  # the deciding count has booked on it before: it gives and takes first


@dataclass(frozen=True)
class NewBatch:
    """Plants for which the place has no batch yet, in a bin of this category."""

    category: BinCategory


Slot = int | NewBatch


def spread(
    batches: Sequence[BatchState], total: int, shown: Mapping[BinCategory, int] | None
) -> dict[Slot, int]:
    """The quantity of each batch, none below zero, with `total` plants in all.

    Args:
        batches: newest first; that is the order in which plants are taken from those that are not the count's own.
        total: what the place holds, 0 or more.
        shown: what containers of each category that photos tell apart (PHOTO_CATEGORIES) should hold; their sum is
            `total`, some may be below zero. None where nobody knows: then the batches are one group.
    Returns: only the batches whose quantity changes, by primary key, and new ones.
    """
    if shown is None:
        groups: dict[BinCategory | None, list[BatchState]] = {None: list(batches)}
        wanted: dict[BinCategory | None, int] = {None: total}
        new_category = next((b.category for b in batches if b.category), None) or BinCategory.SEGMENT
    else:
        by_category = _without_negatives(shown)
        fallback = max(by_category, key=lambda category: by_category[category], default=BinCategory.SEGMENT)
        wanted = dict(by_category.items())
        groups = defaultdict(list)
        for batch in batches:
            groups[PHOTO_CATEGORIES[batch.category] if batch.category else fallback].append(batch)
        new_category = BinCategory.SEGMENT
    changes: dict[Slot, int] = {}
    for category in sorted({*groups, *wanted}, key=str):
        new = NewBatch(category or new_category)
        changes |= _fill(groups.get(category, []), wanted.get(category, 0), new, is_photo=shown is not None)
    return changes


def _without_negatives(wanted: Mapping[BinCategory, int]) -> dict[BinCategory, int]:
    """More was taken from one kind of container than it held: the others give, the fullest first."""
    missing = -sum(quantity for quantity in wanted.values() if quantity < 0)
    left = {category: max(0, quantity) for category, quantity in wanted.items()}
    for category in sorted(left, key=lambda category: -left[category]):
        given = min(left[category], missing)
        left[category] -= given
        missing -= given
    return left


def _fill(batches: list[BatchState], wanted: int, new: NewBatch, *, is_photo: bool) -> dict[Slot, int]:
    """Spread `wanted` plants over the batches of one group with as few changes as can be.

    A photo takes from its own batches first, what it counts less; a count by hand fills its own batch, so the others
    give. A photo opens a batch for what it shows more; without one the newest batch takes it.
    """
    final = {batch.pk: max(0, batch.quantity) for batch in batches}
    surplus = sum(final.values()) - wanted
    if surplus > 0:
        for batch in sorted(
            batches, key=lambda batch: batch.is_own != is_photo
        ):  # stable: newest first within each half
            taken = min(final[batch.pk], surplus)
            final[batch.pk] -= taken
            surplus -= taken
    changes: dict[Slot, int] = {
        batch.pk: final[batch.pk] for batch in batches if final[batch.pk] != batch.quantity
    }
    if surplus < 0:
        own = [batch for batch in batches if batch.is_own]
        target = own[-1].pk if own else batches[0].pk if batches and not is_photo else new
        changes[target] = (final[target] if isinstance(target, int) else 0) - surplus
    return changes
