"""Free places for containers and things, as rectangles that must not touch."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


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
class Floor:
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
