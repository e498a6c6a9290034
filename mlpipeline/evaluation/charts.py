"""Charts: SVG drawn by hand, so that a report needs no script and nothing from elsewhere.

Colours are CSS classes of the report's page, which knows whether the reader's screen is light or dark.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from mlpipeline.evaluation.records import OURS, SAHI, PhotoRecord
from mlpipeline.evaluation.report_tables import way_name
from mlpipeline.evaluation.summary import BinSummary, grouped, sum_up_way

SIDE = 420  # user units of a square chart
MARGIN = 48
SQUARE = (
    0,
    MARGIN - 10,
    SIDE - MARGIN + 18,
    SIDE - MARGIN + 10,
)  # without the empty margins above and at the right
BAR_HEIGHT, BAR_GAP = 14, 20


@dataclass(frozen=True, slots=True)
class Axes:
    """A square plot from `low` to `high` on both axes; with `is_log` distances are those of log(1 + value)."""

    low: float
    high: float
    is_log: bool = False

    def _share(self, value: float) -> float:
        if self.is_log:
            low, high = math.log1p(self.low), math.log1p(self.high)
            return (math.log1p(value) - low) / (high - low)
        return (value - self.low) / (self.high - self.low)

    def x(self, value: float) -> float:
        return MARGIN + self._share(value) * (SIDE - 2 * MARGIN)

    def y(self, value: float) -> float:
        return SIDE - self.x(value)

    def drawn(self, ticks: Sequence[float], across: str, up: str) -> list[str]:
        """The frame, ticks with their numbers, the diagonal, and what the axes are."""
        low, high = MARGIN, SIDE - MARGIN
        parts = [f'<rect class="frame" x="{low}" y="{low}" width="{high - low}" height="{high - low}"/>']
        for tick in ticks:
            x, y, text = self.x(tick), self.y(tick), f"{tick:g}"
            parts += [
                f'<path class="grid" d="M{x:.1f} {low}V{high}M{low} {y:.1f}H{high}"/>',
                f'<text class="tick" x="{x:.1f}" y="{high + 16}" text-anchor="middle">{text}</text>',
                f'<text class="tick" x="{low - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>',
            ]
        turned = f"rotate(-90 14 {SIDE / 2})"
        return [
            *parts,
            f'<path class="ideal" d="M{low} {high}L{high} {low}"/>',
            f'<text class="axis" x="{SIDE / 2}" y="{SIDE - 10}" text-anchor="middle">{escape(across)}</text>',
            f'<text class="axis" x="14" y="{SIDE / 2}" transform="{turned}" text-anchor="middle">{escape(up)}</text>',
        ]


def scatter_chart(records: Sequence[PhotoRecord]) -> SafeString:
    """Counted against true, a dot a photo and way; on the diagonal both are the same."""
    most = max(
        [10, *(number for record in records for number in (record.true, *_totals(record)))],
    )
    axes = Axes(0, most * 1.1, is_log=True)
    ticks = [tick for tick in (0, 1, 10, 100, 1000, 10_000) if tick <= axes.high]
    parts = axes.drawn(ticks, _("true"), _("counted"))
    for way in (SAHI, OURS):
        for record in records:
            if way in record.ways:
                total = record.ways[way].total
                parts.append(
                    f'<circle class="dot {way}" cx="{axes.x(record.true):.1f}" cy="{axes.y(total):.1f}" r="4">'
                    f"<title>{escape(f'{record.file}: {total} / {record.true} ({way_name(way)})')}</title></circle>"
                )
    return _svg(SQUARE, _("Counted against true"), parts)


def reliability_chart(bins: Sequence[BinSummary]) -> SafeString:
    """How often detections are plants against their probability; the bars say how many there are."""
    axes = Axes(0, 1)
    parts = axes.drawn((0, 0.25, 0.5, 0.75, 1), _("said"), _("true"))
    most = max((one.count for one in bins), default=0)
    points = []
    for one in bins:
        if not one.count:
            continue
        left, right = axes.x(one.low), axes.x(one.high)
        height = one.count / most * (SIDE - 2 * MARGIN) * 0.3
        parts.append(
            f'<rect class="amount" x="{left + 1:.1f}" y="{SIDE - MARGIN - height:.1f}" '
            f'width="{right - left - 2:.1f}" height="{height:.1f}"/>'
        )
        points.append((axes.x(one.predicted), axes.y(one.true), one))
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _one in points)
    parts.append(f'<polyline class="line ours" points="{line}"/>')
    parts += [
        f'<circle class="dot ours" cx="{x:.1f}" cy="{y:.1f}" r="5">'
        f"<title>{one.predicted:.3f} → {one.true:.3f} ({one.count})</title></circle>"
        for x, y, one in points
    ]
    return _svg(SQUARE, _("Reliability of the probabilities"), parts)


def kinds_chart(records: Sequence[PhotoRecord]) -> SafeString:
    """The mean error of each kind of photo as bars, ours above SAHI's."""
    rows = [
        (kind, [(way, sum_up_way(found, way).mape) for way in (OURS, SAHI)])
        for kind, found in grouped(records, lambda record: record.kind).items()
    ]
    rows = [(kind, [pair for pair in pairs if not math.isnan(pair[1])]) for kind, pairs in rows]
    rows = [(kind, pairs) for kind, pairs in rows if pairs]
    most = max([0.05, *(error for _kind, pairs in rows for _way, error in pairs)])
    wide, left, right = 900, 130, 80
    parts, y = [], 8
    for kind, pairs in rows:
        middle = y + BAR_HEIGHT * len(pairs) / 2
        parts.append(
            f'<text class="tick" x="{left - 8}" y="{middle + 4}" text-anchor="end">{escape(kind)}</text>'
        )
        for way, error in pairs:
            length = max(error / most * (wide - left - right), 1)
            parts += [
                f'<rect class="bar {way}" x="{left}" y="{y}" width="{length:.1f}" height="{BAR_HEIGHT - 3}" rx="2"/>',
                f'<text class="tick" x="{left + length + 6:.1f}" y="{y + BAR_HEIGHT - 4}">{error * 100:.1f} %</text>',
            ]
            y += BAR_HEIGHT
        y += BAR_GAP - BAR_HEIGHT // 2
    return _svg((0, 0, wide, y), _("Mean error by kind of photo"), parts)


def _totals(record: PhotoRecord) -> list[int]:
    return [record.ways[way].total for way in (OURS, SAHI) if way in record.ways]


def _svg(window: tuple[float, float, float, float], title: str, parts: Sequence[str]) -> SafeString:
    """A drawing that fills the width it is given; `window` (x, y, width, height) of it shows.

    Whoever cannot see it is told its title.
    """
    view = " ".join(f"{value:g}" for value in window)
    body = "".join(parts)
    return mark_safe(  # noqa: S308 — every text above is escaped, the rest are numbers
        f'<svg viewBox="{view}" role="img" aria-label="{escape(title)}">{body}</svg>'
    )
