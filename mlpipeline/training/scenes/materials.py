"""How a surface looks: three colours and the pattern that mixes them, evaluated at each pixel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]


class Pattern(IntEnum):
    """Pattern codes; `patterns.py` gives each its formula."""

    PLAIN = 0
    LEAF = 1
    STRIPED = 2
    RIBS = 3
    DOTS = 4
    SUBSTRATE = 5
    GRAVEL = 6
    CLOTH = 7
    SOIL = 8
    CONCRETE = 9
    TILES = 10
    WOOD = 11
    MESH = 12
    SLOTS = 13
    LABEL = 14
    GRASS = 15


ROW_WIDTH = 22


@dataclass(frozen=True, slots=True)
class Material:
    """A surface. Colours are sRGB in 0..1.

    `frequency` is the pattern's own scale (per cm, or per unit of uv), `amount` its strength,
    `noise` the strength of mottling; `p0`–`p2` mean what the pattern says. `gloss` is the strength of
    the highlight, `translucency` the share of light that comes through from behind.
    """

    pattern: Pattern
    base: Colour
    second: Colour
    third: Colour
    frequency: float = 1.0
    amount: float = 0.5
    noise: float = 0.1
    gloss: float = 0.0
    shine: float = 20.0
    translucency: float = 0.0
    salt: int = 0
    p0: float = 0.0
    p1: float = 0.0
    p2: float = 0.0

    def tinted(self, colour: Colour, share: float) -> Material:
        """The same surface with every colour moved towards `colour` by `share`."""

        def move(own: Colour) -> Colour:
            return (
                own[0] + (colour[0] - own[0]) * share,
                own[1] + (colour[1] - own[1]) * share,
                own[2] + (colour[2] - own[2]) * share,
            )

        return replace(self, base=move(self.base), second=move(self.second), third=move(self.third))

    def row(self) -> NDArray[np.float32]:
        """The material as the kernels read it: colours linear, ROW_WIDTH numbers."""
        numbers = (self.frequency, self.amount, self.noise, self.gloss, self.shine, self.translucency)
        colours = linear(np.array((self.base, self.second, self.third))).ravel()
        tail = (float(self.salt % 65_521), self.p0, self.p1, self.p2)
        row = np.zeros(ROW_WIDTH, dtype=np.float32)
        row[: 1 + 9 + 6 + 4] = (float(self.pattern), *colours, *numbers, *tail)
        return row


def linear(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert sRGB 0..1 to linear light. Source: IEC 61966-2-1."""
    clipped = np.clip(srgb, 0.0, 1.0)
    return np.where(clipped <= 0.04045, clipped / 12.92, ((clipped + 0.055) / 1.055) ** 2.4)
