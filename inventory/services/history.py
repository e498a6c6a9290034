"""The past of a location as periods: each count closes one and opens the next.

All figures are sums of the ledger, which says what the counts say at every past moment (`settlement`). For each period:
opening + planted − dead − transplanted − sold + adjusted + difference = closing. `divide` is pure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from inventory.choices import MovementType
from inventory.models import ManualCount, StockMovement, StorageLocation
from inventory.services.place_photos import place_photos

_COUNTING: Final = (MovementType.PHOTO, MovementType.INITIAL_COUNT)
_PLANTING: Final = (MovementType.PLANTING, MovementType.SOWING)


@dataclass(frozen=True)
class CountMoment:
    """When a location was counted; by a photo if the ids are given, else by hand."""

    counted_at: datetime
    session_uuid: UUID | None = None
    image_id: UUID | None = None


@dataclass(frozen=True)
class LedgerLine:
    """A movement of the location: `quantity` plants, signed."""

    movement_type: MovementType
    quantity: int
    occurred_at: datetime


@dataclass(frozen=True, kw_only=True)
class Period:
    """What became of the living plants of a location between two counts.

    opened_by: None for what was recorded before the first count.
    ended_at: None for the period that is running; its closing is what the location holds now.
    difference: plants that the closing count found more (+) or fewer (−) than opening and movements let expect.
    """

    started_at: datetime
    ended_at: datetime | None
    opened_by: CountMoment | None
    opening: int
    planted: int
    dead: int
    transplanted_in: int
    transplanted_out: int
    sold: int
    adjusted: int
    difference: int
    closing: int

    @property
    def transplanted(self) -> int:
        """Plants that left for other locations, less those that came from them."""
        return self.transplanted_out - self.transplanted_in

    @property
    def net_change(self) -> int:
        """Plants by which the stock grew in the period, or shrank."""
        return self.closing - self.opening


def periods_of(location: StorageLocation) -> list[Period]:
    """The periods of a location, newest first. Three queries."""
    rows = StockMovement.objects.filter(batch__storage_location=location).order_by("occurred_at", "pk")
    lines = [
        LedgerLine(MovementType(kind), quantity, occurred_at)
        for kind, quantity, occurred_at in rows.values_list("movement_type", "quantity", "occurred_at")
    ]
    by_hand = ManualCount.objects.filter(storage_location=location).values_list("counted_at", flat=True)
    initial = [line.occurred_at for line in lines if line.movement_type == MovementType.INITIAL_COUNT]
    by_photo = [
        CountMoment(count.counted_at, count.session_uuid, count.image_id)
        for count in place_photos().counts_in_force(location)
    ]
    counts = [*(CountMoment(moment) for moment in (*by_hand, *initial)), *by_photo]
    return divide(counts, lines)[::-1]


def divide(counts: Collection[CountMoment], lines: Iterable[LedgerLine]) -> list[Period]:
    """Divide the ledger of a location at its counts, oldest period first.

    A line of the very moment of a count lies before it, as in the statement. Counts of one moment are one; a photo goes
    before a count by hand. What was recorded before the first count is a period of its own.
    """
    opened_by = {
        count.counted_at: count for count in sorted(counts, key=lambda count: count.image_id is not None)
    }
    moments = sorted(opened_by)
    buckets: dict[int, list[LedgerLine]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: line.occurred_at):
        buckets[bisect_left(moments, line.occurred_at)].append(line)
    periods: list[Period] = []
    held = 0
    for index in range(len(moments) + 1):
        within = buckets[index]
        opening, held = held, held + sum(line.quantity for line in within)
        if index == 0 and not _is_told_of(within, is_closed=bool(moments)):
            continue
        periods.append(
            _period(
                within,
                started_at=moments[index - 1] if index else within[0].occurred_at,
                ended_at=moments[index] if index < len(moments) else None,
                opened_by=opened_by[moments[index - 1]] if index else None,
                opening=opening,
                closing=held,
            )
        )
    return periods


def _is_told_of(before_first_count: list[LedgerLine], *, is_closed: bool) -> bool:
    """Whether anything but the first count itself happened before it."""
    return any(line.movement_type not in _COUNTING or not is_closed for line in before_first_count)


def _period(
    within: list[LedgerLine],
    *,
    started_at: datetime,
    ended_at: datetime | None,
    opened_by: CountMoment | None,
    opening: int,
    closing: int,
) -> Period:
    sums: dict[MovementType, int] = defaultdict(int)
    for line in within:
        sums[line.movement_type] += line.quantity
    transplants = [line.quantity for line in within if line.movement_type == MovementType.TRANSPLANT]
    return Period(
        started_at=started_at,
        ended_at=ended_at,
        opened_by=opened_by,
        opening=opening,
        planted=sum(sums[kind] for kind in _PLANTING),
        dead=-sums[MovementType.DEATH],
        transplanted_in=sum(quantity for quantity in transplants if quantity > 0),
        transplanted_out=-sum(quantity for quantity in transplants if quantity < 0),
        sold=-sums[MovementType.SALE],
        adjusted=sums[MovementType.ADJUSTMENT],
        difference=sum(sums[kind] for kind in _COUNTING),
        closing=closing,
    )
