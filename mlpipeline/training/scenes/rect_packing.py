"""Free places for containers and things, as rectangles that must not touch."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle on the stage by its centre (cm)."""

    x: float
    y: float
    width: float
    depth: float

    def touches(self, other: Rect, gap: float = 0.0) -> bool:
        return (
            abs(self.x - other.x) < (self.width + other.width) / 2 + gap
            and abs(self.y - other.y) < (self.depth + other.depth) / 2 + gap
        )


@dataclass(slots=True)
class FreeArea:
    """The stage's area and what has been put on it."""

    area: Rect
    taken: list[Rect] = field(default_factory=list)

    def is_free(self, rect: Rect, gap: float) -> bool:
        return not any(rect.touches(other, gap) for other in self.taken)

    def take(self, rect: Rect) -> Rect:
        self.taken.append(rect)
        return rect

    def find(
        self, rng: np.random.Generator, width: float, depth: float, gap: float, overhang: float
    ) -> Rect | None:
        """A free place for a rectangle, which may hang over the area's edge by the share `overhang`."""
        reach_x = max(0.0, self.area.width / 2 - width * (0.5 - overhang))
        reach_y = max(0.0, self.area.depth / 2 - depth * (0.5 - overhang))
        for _ in range(40):
            rect = Rect(
                self.area.x + rng.uniform(-reach_x, reach_x),
                self.area.y + rng.uniform(-reach_y, reach_y),
                width,
                depth,
            )
            if self.is_free(rect, gap):
                return rect
        return None


def grid_size(width: float, depth: float, pitch_x: float, pitch_y: float, most: int) -> tuple[int, int]:
    """Columns and rows of slots over an area (cm), cut down evenly to at most `most`, at least 2 × 2."""
    columns, rows = max(2, round(width / pitch_x)), max(2, round(depth / pitch_y))
    while columns * rows > most:
        columns, rows = max(2, int(columns * 0.9)), max(2, int(rows * 0.9))
    return columns, rows


def grid_slots(columns: int, rows: int, pitch_x: float, pitch_y: float) -> NDArray[np.float64]:
    """The slots (S, 3) of a grid around the origin, row by row, on the ground (cm)."""
    x, y = np.meshgrid(np.arange(columns) - (columns - 1) / 2, np.arange(rows) - (rows - 1) / 2)
    return np.stack((x.ravel() * pitch_x, y.ravel() * pitch_y, np.zeros(x.size)), axis=1)


def grid_places(area: Rect, width: float, depth: float, gap: float, most: int) -> list[Rect]:
    """As many rectangles of one size as fit in rows, at least one, at most `most`, centred on the area."""
    columns = max(1, int((area.width + gap) // (width + gap)))
    rows = max(1, int((area.depth + gap) // (depth + gap)))
    while columns * rows > most:
        if columns >= rows:
            columns -= 1
        else:
            rows -= 1
    return [
        Rect(
            area.x + (column - (columns - 1) / 2) * (width + gap),
            area.y + (row - (rows - 1) / 2) * (depth + gap),
            width,
            depth,
        )
        for row in range(rows)
        for column in range(columns)
    ]
