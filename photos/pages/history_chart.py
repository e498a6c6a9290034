"""What the photos of a place counted over time, as a chart in SVG. The table beneath says the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.urls import reverse

from photos.choices import BookingState
from photos.models import ProcessingSession

WIDTH: Final = 640
HEIGHT: Final = 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 12, 28
MIN_COUNTS: Final = 2  # one point is no history


@dataclass(frozen=True)
class Point:
    """One count, in units of the drawing. low_y, high_y: the ends of its interval; None where it has none."""

    count: ProcessingSession
    x: float
    y: float
    low_y: float | None
    high_y: float | None
    is_current: bool
    is_waiting: bool

    @property
    def url(self) -> str:
        return reverse("photo", args=[self.count.image_id])


@dataclass(frozen=True)
class HistoryChart:
    """The counts from the oldest to the newest, a line through those that do not wait, and the numbers at the left."""

    points: list[Point]
    line: str
    ticks: list[tuple[float, int]]

    @property
    def view_box(self) -> str:
        return f"0 0 {WIDTH} {HEIGHT}"

    @property
    def edges(self) -> tuple[int, int, int]:
        """Where the lines of the numbers begin and end, and where days are written."""
        return _LEFT, WIDTH - _RIGHT, HEIGHT - 8


def history_chart(counts: Sequence[ProcessingSession], current: ProcessingSession) -> HistoryChart | None:
    """The chart of some counts of one place, in any order; None where there are fewer than two."""
    if len(counts) < MIN_COUNTS:
        return None
    ordered = sorted(counts, key=lambda count: count.image.taken_at)
    top = _rounded_up(max(max(count.total, *(count.interval or (0, 0))) for count in ordered))
    first, last = ordered[0].image.taken_at, ordered[-1].image.taken_at
    points = [_point(count, current, first, last, top) for count in ordered]
    steady = [point for point in points if not point.is_waiting]
    line = "M" + "L".join(f"{point.x} {point.y}" for point in steady) if len(steady) > 1 else ""
    ticks = [(_y(value, top), value) for value in dict.fromkeys((0, top // 2, top))]
    return HistoryChart(points, line, ticks)


def _point(
    count: ProcessingSession, current: ProcessingSession, first: datetime, last: datetime, top: int
) -> Point:
    span = (last - first).total_seconds() or 1.0
    share = (count.image.taken_at - first).total_seconds() / span
    low, high = count.interval or (None, None)
    return Point(
        count,
        round(_LEFT + 10 + share * (WIDTH - _LEFT - _RIGHT - 20), 1),
        _y(count.total, top),
        None if low is None else _y(low, top),
        None if high is None else _y(high, top),
        count.image_id == current.image_id,
        count.booking_state == BookingState.WAITING,
    )


def _y(value: int, top: int) -> float:
    return round(HEIGHT - _BOTTOM - value / top * (HEIGHT - _TOP - _BOTTOM), 1)


def _rounded_up(most: int) -> int:
    """The next number of one or two leading digits, at least 10: 1 067 → 1 100."""
    step = int(10 ** max(1, len(str(most)) - 2))
    return max(10, -(-most // step) * step)
