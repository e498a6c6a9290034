"""The charts of a report: figures of matplotlib as SVG that stands within the page, without a script.

Colours are variables of the page, which knows whether the reader's screen is light or dark: each is drawn as a colour
that nothing else has, and its variable is put in its place.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from matplotlib import rc_context
from matplotlib.figure import Figure

from mlpipeline.evaluation.records import OURS, SAHI, PhotoRecord
from mlpipeline.evaluation.report_tables import way_name
from mlpipeline.evaluation.summary import BinSummary, grouped, sum_up_way

SQUARE_IN = (4.2, 4.2)  # width and height; the page stretches them to its own width
WIDE_IN, BAR_IN = 9.0, 0.19
_OURS, _SAHI, _IDEAL, _AMOUNT, _RULE, _SOFT = (f"#01010{digit}" for digit in range(1, 7))
VARIABLES = {
    _OURS: "--ours", _SAHI: "--sahi", _IDEAL: "--ideal", _AMOUNT: "--amount", _RULE: "--rule", _SOFT: "--soft",
}  # fmt: skip
COLOURS = {OURS: _OURS, SAHI: _SAHI}
_STYLE: dict[Any, Any] = {  # matplotlib's own type is a list of all its settings
    "svg.fonttype": "none",  # text stays text, in the typeface of the page
    "axes.edgecolor": _RULE, "axes.labelcolor": _SOFT, "axes.axisbelow": True, "grid.color": _RULE, "text.color": _SOFT,
    "grid.linewidth": 0.6, "xtick.color": _SOFT, "ytick.color": _SOFT, "xtick.major.size": 0, "ytick.major.size": 0,
    "font.size": 9, "figure.facecolor": "none", "axes.facecolor": "none", "figure.constrained_layout.use": True,
}  # fmt: skip
# Ids that nothing refers to: a page has several figures, and each id once.
_LOOSE_ID = re.compile(r' id="(?!m[0-9a-f]{10}")[^"]*"')
_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))


class _Chart:
    """One figure, and what a reader is told who points at one of its marks."""

    def __init__(self, title: str, size_in: tuple[float, float]) -> None:
        self.title = title
        self.figure = Figure(size_in)
        self.axes = self.figure.add_subplot()
        self._texts: list[str] = []

    def frame(self, limit: float, ticks: Sequence[float], across: str, up: str) -> None:
        """A square from 0 to a limit on both axes, with its diagonal."""
        names = [f"{tick:g}" for tick in ticks]
        self.axes.set(xlim=(0, limit), ylim=(0, limit), xlabel=across, ylabel=up, box_aspect=1)
        self.axes.set_xticks(ticks, names)
        self.axes.set_yticks(ticks, names)
        self.axes.grid(visible=True, clip_on=False)
        self.axes.plot([0, limit], [0, limit], "--", color=_IDEAL, lw=1, clip_on=False)

    def mark(self, artist: Any, text: str) -> None:
        """Show a text where a reader points at an artist."""
        artist.set_gid(f"mark-{len(self._texts)}")
        self._texts.append(text)

    def svg(self) -> SafeString:
        """The figure as wide as the place it is given; whoever cannot see it hears its title."""
        stream = io.StringIO()
        salt: dict[Any, Any] = {
            "svg.hashsalt": self.title
        }  # the same figure has the same ids, and no other has them
        with rc_context(salt):
            self.figure.savefig(stream, format="svg", metadata=_NO_METADATA)
        text = stream.getvalue()
        drawing = text[text.index("<svg") :]
        for number, said in enumerate(self._texts):
            group = f'<g id="mark-{number}">'
            drawing = drawing.replace(group, f"{group}<title>{escape(said)}</title>", 1)
        drawing = _LOOSE_ID.sub("", drawing)
        for colour, variable in VARIABLES.items():
            drawing = drawing.replace(colour, f"var({variable})")
        label = f'<svg role="img" aria-label="{escape(self.title)}"'
        return mark_safe(drawing.replace("<svg", label, 1))  # noqa: S308 - matplotlib escapes the texts that it draws


def scatter_chart(records: Sequence[PhotoRecord]) -> SafeString:
    """Counted against true, a dot a photo and way; on the diagonal both are the same. Distances are logarithmic."""
    with rc_context(_STYLE):
        chart = _Chart(_("Counted against true"), SQUARE_IN)
        most = 1.1 * max([10, *(number for one in records for number in (one.true, *_totals(one)))])
        chart.axes.set_xscale("function", functions=(np.log1p, np.expm1))
        chart.axes.set_yscale("function", functions=(np.log1p, np.expm1))
        ticks = [tick for tick in (0, 1, 10, 100, 1000, 10_000) if tick <= most]
        chart.frame(most, ticks, _("true"), _("counted"))
        filled: dict[str, dict[str, Any]] = {
            SAHI: {"mfc": "none", "mec": _SAHI},
            OURS: {"mfc": _OURS, "mec": "none", "alpha": 0.75},
        }
        for way, style in filled.items():
            for one in (record for record in records if way in record.ways):
                total = one.ways[way].total
                (dot,) = chart.axes.plot(one.true, total, "o", ms=6, clip_on=False, **style)
                chart.mark(dot, f"{one.file}: {total} / {one.true} ({way_name(way)})")
        return chart.svg()


def reliability_chart(bins: Sequence[BinSummary]) -> SafeString:
    """How often detections are plants against their probability; the bars say how many there are."""
    filled = [one for one in bins if one.count]
    most = max((one.count for one in filled), default=1)
    with rc_context(_STYLE):
        chart = _Chart(_("Reliability of the probabilities"), SQUARE_IN)
        chart.frame(1, (0, 0.25, 0.5, 0.75, 1), _("said"), _("true"))
        for one in filled:
            height, width = 0.3 * one.count / most, one.high - one.low
            chart.axes.bar(one.low, height, width, align="edge", color=_AMOUNT, lw=0, clip_on=False)
        places, shares = [one.predicted for one in filled], [one.true for one in filled]
        chart.axes.plot(places, shares, color=_OURS, lw=2, clip_on=False)
        for one in filled:
            (dot,) = chart.axes.plot(one.predicted, one.true, "o", ms=7, mfc=_OURS, mec="none", clip_on=False)
            chart.mark(dot, f"{one.predicted:.3f} → {one.true:.3f} ({one.count})")
        return chart.svg()


def kinds_chart(records: Sequence[PhotoRecord]) -> SafeString:
    """The mean error of each kind of photo as bars, ours above SAHI's."""
    kinds = grouped(records, lambda record: record.kind)
    errors = {
        kind: {way: error for way in (OURS, SAHI) if not math.isnan(error := sum_up_way(found, way).mape)}
        for kind, found in kinds.items()
    }
    rows = {kind: of_kind for kind, of_kind in errors.items() if of_kind}
    with rc_context(
        {**_STYLE, "axes.spines.top": False, "axes.spines.right": False, "axes.spines.bottom": False}
    ):
        chart = _Chart(_("Mean error by kind of photo"), (WIDE_IN, BAR_IN * (3 * len(rows) + 1)))
        for place, of_kind in enumerate(rows.values()):
            for number, (way, error) in enumerate(of_kind.items()):
                y = place - 0.2 * (len(of_kind) - 1) + 0.4 * number
                (bar,) = chart.axes.barh(y, error, 0.36, color=COLOURS[way], lw=0, clip_on=False)
                chart.axes.annotate(
                    f"{error * 100:.1f} %", (error, y), (4, 0), textcoords="offset points", va="center"
                )
                chart.mark(bar, f"{way_name(way)}: {error * 100:.1f} %")
        chart.axes.set_yticks(range(len(rows)), list(rows))
        chart.axes.set(xticks=[], xlim=(0, None), ylim=(len(rows) - 0.5, -0.5))
        return chart.svg()


def _totals(record: PhotoRecord) -> list[int]:
    return [record.ways[way].total for way in (OURS, SAHI) if way in record.ways]
