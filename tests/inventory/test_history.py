"""Periods of a location against tables that were worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from inventory.choices import MovementType as T
from inventory.services.history import CountMoment, LedgerLine, Period, divide

FIGURES = (
    "opening", "planted", "dead", "transplanted", "sold", "adjusted", "difference", "closing",
)  # fmt: skip


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def photo(day: int) -> CountMoment:
    return CountMoment(at(day), UUID(int=day), UUID(int=100 + day))


def line(kind: T, quantity: int, when: datetime) -> LedgerLine:
    return LedgerLine(kind, quantity, when)


def figures(period: Period) -> tuple[Any, ...]:
    return tuple(getattr(period, name) for name in FIGURES)


@pytest.mark.parametrize(
    ("counts", "lines", "expected"),
    [
        pytest.param([], [], [], id="nothing ever happened"),
        pytest.param(
            [photo(1)],
            [line(T.PHOTO, 800, at(1))],
            [(800, 0, 0, 0, 0, 0, 0, 800)],
            id="a first count opens the running period and closes none",
        ),
        pytest.param(
            # 10,000 + 500 − 200 − 300 = 10,000; the photo shows 9,500: 500 are gone.
            [photo(1), photo(30)],
            [
                line(T.PHOTO, 10_000, at(1)),
                line(T.PLANTING, 500, at(5)),
                line(T.DEATH, -200, at(9)),
                line(T.TRANSPLANT, -300, at(12)),
                line(T.PHOTO, -500, at(30)),
            ],
            [(10_000, 500, 200, 300, 0, 0, -500, 9_500), (9_500, 0, 0, 0, 0, 0, 0, 9_500)],
            id="a month with planting, deaths, transplants and plants that nobody has booked out",
        ),
        pytest.param(
            # 100 + 40 + 10 − 5 − (30 − 20) − 25 + 3 = 113; the photo shows 115.
            [photo(1), photo(20)],
            [
                line(T.PHOTO, 100, at(1)),
                line(T.PLANTING, 40, at(2)),
                line(T.SOWING, 10, at(3)),
                line(T.DEATH, -5, at(4)),
                line(T.TRANSPLANT, -30, at(5)),
                line(T.TRANSPLANT, 20, at(6)),
                line(T.SALE, -25, at(7)),
                line(T.ADJUSTMENT, 3, at(8)),
                line(T.PHOTO, 2, at(20)),
                line(T.DEATH, -15, at(21)),
            ],
            [(100, 50, 5, 10, 25, 3, 2, 115), (115, 0, 15, 0, 0, 0, 0, 100)],
            id="every type of movement, and a death after the last count",
        ),
        pytest.param(
            [photo(10)],
            [line(T.PLANTING, 50, at(2)), line(T.DEATH, -8, at(3)), line(T.PHOTO, -2, at(10))],
            [(0, 50, 8, 0, 0, 0, -2, 40), (40, 0, 0, 0, 0, 0, 0, 40)],
            id="what was recorded before the first count is a period",
        ),
        pytest.param(
            [],
            [line(T.PLANTING, 50, at(2)), line(T.SALE, -20, at(3))],
            [(0, 50, 0, 0, 20, 0, 0, 30)],
            id="a location that was never counted",
        ),
        pytest.param(
            [photo(1), photo(10), photo(20)],
            [line(T.PHOTO, 70, at(1)), line(T.PHOTO, -10, at(20))],
            [(70, 0, 0, 0, 0, 0, 0, 70), (70, 0, 0, 0, 0, 0, -10, 60), (60, 0, 0, 0, 0, 0, 0, 60)],
            id="a count that only confirms the books closes a period too",
        ),
        pytest.param(
            [photo(1), photo(10)],
            [line(T.PHOTO, 70, at(1)), line(T.DEATH, -4, at(10)), line(T.PHOTO, 4, at(10))],
            [(70, 0, 4, 0, 0, 0, 4, 70), (70, 0, 0, 0, 0, 0, 0, 70)],
            id="a movement of the very moment of a count lies before it",
        ),
        pytest.param(
            [CountMoment(at(1)), CountMoment(at(10))],
            [line(T.INITIAL_COUNT, 30, at(1)), line(T.PHOTO, -30, at(10)), line(T.INITIAL_COUNT, 33, at(10))],
            [(30, 0, 0, 0, 0, 0, 3, 33), (33, 0, 0, 0, 0, 0, 0, 33)],
            id="counts by hand are counts",
        ),
        pytest.param(
            [CountMoment(at(1))],
            [line(T.INITIAL_COUNT, 30, at(1)), line(T.SALE, -30, at(2))],
            [(30, 0, 0, 0, 30, 0, 0, 0)],
            id="all was sold",
        ),
    ],
)
def test_periods_hold_what_was_worked_out_by_hand(counts, lines, expected):
    periods = divide(counts, list(reversed(lines)))  # the order in which they are handed over does not matter
    assert [figures(period) for period in periods] == expected


def test_each_period_begins_where_the_one_before_ends():
    lines = [line(T.PLANTING, 5, at(1)), line(T.PHOTO, 3, at(2)), line(T.PHOTO, -1, at(9))]
    first, second, third = divide([photo(9), photo(2)], lines)
    assert (first.started_at, first.ended_at, first.opened_by) == (at(1), at(2), None)
    assert (second.started_at, second.ended_at, second.opened_by) == (at(2), at(9), photo(2))
    assert (third.started_at, third.ended_at, third.opened_by) == (at(9), None, photo(9))
    assert [first.closing, second.closing] == [second.opening, third.opening] == [8, 7]


def test_a_photo_and_a_count_by_hand_of_one_moment_are_one_count():
    counts = [photo(2), CountMoment(at(2))]
    for order in (counts, counts[::-1]):
        (period,) = divide(order, [line(T.PHOTO, 3, at(2))])
        assert period.opened_by == photo(2)


def test_the_balance_holds_in_every_period():
    lines = [line(kind, sign * (3 * day + 1), at(day)) for day in range(1, 28) for kind, sign in [
        (T.PLANTING, 1), (T.DEATH, -1), (T.TRANSPLANT, -1), (T.TRANSPLANT, 1), (T.SALE, -1), (T.ADJUSTMENT, 1),
        (T.PHOTO, 1),
    ]]  # fmt: skip
    periods = divide([photo(day) for day in (3, 8, 21)], lines)
    assert len(periods) == 4
    for period in periods:
        gone = period.dead + period.transplanted + period.sold
        assert period.opening + period.planted - gone + period.adjusted + period.difference == period.closing
        assert period.net_change == period.closing - period.opening
