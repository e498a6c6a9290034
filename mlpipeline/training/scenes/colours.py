"""Colours of plants and things, drawn in HSV ranges."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping

from mlpipeline.training.scenes.materials import Colour
from mlpipeline.training.scenes.split_rng import SplitRng

#: Hue in degrees, saturation and value ranges of foliage.
FOLIAGE = {
    "green": ((80, 130), (0.38, 0.72), (0.32, 0.62)),
    "light_green": ((72, 105), (0.42, 0.7), (0.6, 0.82)),
    "dark_green": ((90, 150), (0.4, 0.7), (0.2, 0.38)),
    "bluegrey": ((105, 178), (0.08, 0.26), (0.42, 0.72)),
    "grey": ((60, 160), (0.04, 0.15), (0.5, 0.78)),
    "yellowish": ((50, 74), (0.32, 0.6), (0.52, 0.78)),
    "purple": ((285, 345), (0.16, 0.42), (0.3, 0.62)),
    "pink": ((330, 365), (0.12, 0.34), (0.62, 0.85)),
    "reddish": ((2, 26), (0.45, 0.7), (0.38, 0.62)),
    "brown": ((8, 36), (0.2, 0.5), (0.24, 0.5)),
    "mauve": ((280, 340), (0.08, 0.3), (0.45, 0.78)),
    "rose": ((345, 372), (0.12, 0.42), (0.55, 0.88)),
    "cream": ((40, 75), (0.08, 0.28), (0.68, 0.9)),
    "mint": ((110, 165), (0.1, 0.32), (0.58, 0.85)),
    "wine": ((335, 362), (0.4, 0.7), (0.18, 0.4)),
}
#: Woolly, chalky or spiny white plants look like their substrate, and some cultivars have any colour at all.
_PALE = ((0, 360), (0.0, 0.14), (0.5, 0.95))
_ANY = ((0, 360), (0.1, 0.65), (0.22, 0.88))
_DRY = ((18, 44), (0.3, 0.65), (0.25, 0.68))
_FLOWER = ((290, 420), (0.5, 0.9), (0.8, 1.0))

Ranges = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]


def drawn(split_rng: SplitRng, ranges: Ranges) -> Colour:
    """A random colour with hue in degrees, saturation and value each from its range, as sRGB 0..1."""
    hue, saturation, value = (split_rng.between(*span) for span in ranges)
    return colorsys.hsv_to_rgb(hue % 360 / 360, saturation, value)


def foliage(split_rng: SplitRng, families: Mapping[str, float]) -> Colour:
    """A leaf colour of one of the families, by their weights; one strain in five is pale, or of any colour."""
    manner = split_rng.pick(("family", "pale", "any"), (8, 1.3, 0.7))
    if manner != "family":
        return drawn(split_rng, _PALE if manner == "pale" else _ANY)
    return of_families(split_rng, families)


def of_families(split_rng: SplitRng, families: Mapping[str, float]) -> Colour:
    """A leaf colour of one of the families, by their weights, and of no other."""
    return drawn(split_rng, FOLIAGE[split_rng.pick(list(families), list(families.values()))])


def dry(split_rng: SplitRng) -> Colour:
    """Straw to dark brown: a dead leaf."""
    return drawn(split_rng, _DRY)


def flower(split_rng: SplitRng) -> Colour:
    """Red, pink, violet, orange, yellow; one in six is white."""
    if split_rng.chance(0.16):
        return (0.95, 0.94, 0.9)
    return drawn(split_rng, _FLOWER)


def shifted(colour: Colour, hue_deg: float = 0.0, saturation: float = 1.0, value: float = 1.0) -> Colour:
    """A neighbour of the colour; saturation and value are factors."""
    h, s, v = colorsys.rgb_to_hsv(*colour)
    return colorsys.hsv_to_rgb((h + hue_deg / 360) % 1.0, min(1.0, s * saturation), min(1.0, v * value))


def grey(split_rng: SplitRng, low: float, high: float) -> Colour:
    """A grey of sRGB low..high, a little warm or cold."""
    level, warmth = split_rng.between(low, high), split_rng.between(-0.02, 0.02)
    return (level + warmth, level, level - warmth)
