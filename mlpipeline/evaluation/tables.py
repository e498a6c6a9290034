"""Tables: what was measured, written once and shown as text, Markdown or HTML."""

from __future__ import annotations

import math
from dataclasses import dataclass

NOTHING = "–"
_FRACTION_ENDS = (10, 100)  # percentages below the first get two decimals, below the second one


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table of ready texts; the first column names the row, the others hold numbers.

    `note` says below it how to read it. Raises ValueError where a row is not as wide as the head.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.head) for row in self.rows):
            raise ValueError(f"a row of “{self.title}” is not {len(self.head)} cells wide")

    def as_text(self) -> str:
        """For a terminal: columns aligned, numbers to the right."""
        grid = [self.head, *self.rows]
        widths = [max(len(row[column]) for row in grid) for column in range(len(self.head))]
        lines = [
            "  ".join(
                cell.ljust(width) if column == 0 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in grid
        ]
        parts = [self.title, "─" * max(map(len, lines)), *lines]
        return "\n".join([*parts, self.note] if self.note else parts) + "\n"

    def as_markdown(self) -> str:
        """For a page in docs/: a heading of level 3, the table, its note."""
        head = _markdown_row(self.head)
        rule = "|---|" + "---:|" * (len(self.head) - 1)
        lines = [f"### {self.title}", "", head, rule, *(_markdown_row(row) for row in self.rows)]
        return "\n".join([*lines, "", self.note] if self.note else lines) + "\n"


def _markdown_row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def percent(share: float, *, signed: bool = False) -> str:
    """A share as a percentage with as many decimals as it deserves; a dash for what is not known (NaN)."""
    if math.isnan(share):
        return NOTHING
    value = share * 100
    decimals = next((2 - place for place, end in enumerate(_FRACTION_ENDS) if abs(value) < end), 0)
    text = f"{value:+.{decimals}f}" if signed else f"{value:.{decimals}f}"
    return f"{text.replace('-', '−')} %"


def rate(value: float) -> str:
    """A rate from 0 to 1 with three decimals; a dash for what is not known (NaN)."""
    return NOTHING if math.isnan(value) else f"{value:.3f}"
