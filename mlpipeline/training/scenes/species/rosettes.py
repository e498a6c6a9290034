"""Succulent rosettes: echeveria, sempervivum, agave, aloe, haworthia."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mlpipeline.training.scenes import primitives
from mlpipeline.training.scenes.colours import foliage
from mlpipeline.training.scenes.materials import Colour, Pattern
from mlpipeline.training.scenes.mesh import Mesh
from mlpipeline.training.scenes.species.strain import Strain, leaf_material, strain
from mlpipeline.training.scenes.split_rng import SplitRng

GOLDEN_ANGLE = np.pi * (3 - 5**0.5)


def detail(px: float, coarse: int, fine: int) -> int:
    """Number of segments for a part of a plant that spans `px` pixels: coarse at 16, fine at 150."""
    share = np.clip((px - 16) / 134, 0, 1) ** 0.7
    return round(float(coarse + share * (fine - coarse)))


def echeveria(split_rng: SplitRng) -> Strain:
    """A dense spiral of fleshy spoon-shaped leaves, flat outside and closed inside."""
    colour = foliage(
        split_rng,
        {
            "green": 2,
            "light_green": 2,
            "bluegrey": 4,
            "grey": 1,
            "purple": 2,
            "pink": 2,
            "yellowish": 1,
            "reddish": 1,
        },
    )
    return spoon_rosette(split_rng, "echeveria", colour)


def spoon_rosette(split_rng: SplitRng, species: str, colour: Colour) -> Strain:
    """A rosette of spoon-shaped leaves of the colour."""
    count = split_rng.whole(16, 60)
    widest, blunt = split_rng.between(0.55, 0.8), split_rng.between(2.0, 4.5)
    slender = split_rng.between(0.35, 0.75)
    openness = split_rng.between(0.1, 0.6)
    bend = split_rng.between(0.1, 0.8)
    thickness = split_rng.between(0.16, 0.4)
    tips = split_rng.pick((0.0, 0.08, 0.16), (2, 1, 1))
    edges = split_rng.pick((0.0, 0.12, 0.3), (2, 1, 1))
    material = leaf_material(split_rng, colour, p1=edges, p2=tips)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        number = max(8, int(count * rng.uniform(0.8, 1.15) * (0.65 if px < 24 else 1.0)))
        order = np.arange(number)[::-1] / (number - 1)
        azimuth = np.arange(number) * (GOLDEN_ANGLE + rng.normal(0, 0.004)) + rng.normal(0, 0.08, number)
        elevation = openness + (1 - order) ** 1.3 * (1.35 - openness) + rng.normal(0, 0.05, number)
        length = (0.28 + 0.72 * order**0.8) * rng.uniform(0.93, 1.05, number)
        origin = np.zeros((number, 3))
        origin[:, 2] = (1 - order) * rng.uniform(0.15, 0.3) + 0.06
        shape = primitives.LeafShape(
            primitives.outline(detail(px, 3, 6), widest, blunt), thickness=thickness, sides=detail(px, 4, 8)
        )
        return primitives.leaves(
            azimuth, elevation, np.full(number, bend), length, length * slender, origin, shape, material, rng
        )

    return strain(species, split_rng, grow, split_rng.pick((0.0, 0.08), (3, 1)))


def sempervivum(split_rng: SplitRng) -> Strain:
    """A globe of many small pointed leaves, often with red tips, sometimes with offsets."""
    colour = foliage(split_rng, {"green": 3, "light_green": 2, "bluegrey": 2, "reddish": 2, "purple": 1})
    return house_leek(split_rng, "sempervivum", colour)


def house_leek(split_rng: SplitRng, species: str, colour: Colour) -> Strain:
    """A globe of small pointed leaves of the colour, some with offsets; all of them are one plant."""
    count = split_rng.whole(30, 70)
    material = leaf_material(split_rng, colour, p2=split_rng.between(0.1, 0.5), third=(0.45, 0.12, 0.16))
    slender = split_rng.between(0.28, 0.5)
    offsets = split_rng.pick((0, 0, 2, 4))

    def one(rng: np.random.Generator, px: float) -> Mesh:
        number = count if px > 40 else max(12, count // 2)
        order = np.linspace(1.0, 0.0, number)
        azimuth = np.arange(number, dtype=np.float64) * GOLDEN_ANGLE
        elevation = 0.25 + (1 - order) * 1.15 + rng.normal(0, 0.04, number)
        length = 0.35 + 0.65 * order**0.6
        origin = np.zeros((number, 3))
        origin[:, 2] = (1 - order) * 0.2 + 0.05
        shape = primitives.LeafShape(primitives.outline(detail(px, 2, 4), 0.55, 1.8), thickness=0.3, sides=4)
        return primitives.leaves(
            azimuth, elevation, np.full(number, 0.5), length, length * slender, origin, shape, material, rng
        )

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        parts = [one(rng, px)]
        for _ in range(int(rng.integers(0, offsets + 1))):
            angle, size = rng.uniform(0, 6.3), rng.uniform(0.3, 0.5)
            parts.append(
                one(rng, px * size)
                .scaled(size, size, size)
                .moved(0.8 * np.cos(angle), 0.8 * np.sin(angle), 0)
            )
        return Mesh.joined(parts)

    return strain(species, split_rng, grow)


def agave(split_rng: SplitRng) -> Strain:
    """A star of stiff pointed leaves with a dark end spine and often a pale margin."""
    colour = foliage(split_rng, {"bluegrey": 4, "green": 2, "grey": 2, "dark_green": 1, "light_green": 1})
    variegated = split_rng.chance(0.2)
    material = leaf_material(
        split_rng,
        colour,
        third=(0.82, 0.78, 0.45) if variegated else (0.2, 0.12, 0.08),
        p1=split_rng.between(0.3, 0.55) if variegated else 0.0,
        p2=0.0 if variegated else 0.07,
    )
    count = split_rng.whole(9, 34)
    slender = split_rng.between(0.14, 0.34)
    widest = split_rng.between(0.3, 0.6)
    bend = split_rng.between(-0.7, 0.3)
    lowest = split_rng.between(0.2, 0.7)
    fleshy = split_rng.between(0.1, 0.3)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        number = max(6, int(count * rng.uniform(0.75, 1.2)))
        order = np.arange(number)[::-1] / max(number - 1, 1)
        azimuth = np.arange(number) * GOLDEN_ANGLE + rng.normal(0, 0.1, number)
        elevation = lowest + (1 - order) ** 1.4 * (1.4 - lowest) + rng.normal(0, 0.06, number)
        length = (0.5 + 0.5 * order**0.5) * rng.uniform(0.85, 1.08, number)
        origin = np.zeros((number, 3))
        origin[:, 2] = (1 - order) * 0.1 + 0.04
        shape = primitives.LeafShape(
            primitives.outline(detail(px, 3, 6), widest, 1.3, base=0.6),
            thickness=fleshy,
            sides=detail(px, 3, 6),
        )
        return primitives.leaves(
            azimuth, elevation, np.full(number, bend), length, length * slender, origin, shape, material, rng
        )

    return strain("agave", split_rng, grow)


def aloe(split_rng: SplitRng) -> Strain:
    """Long juicy tapering leaves, arching, with white flecks in some strains."""
    return aloid(split_rng, "aloe", (7, 18), (0.12, 0.24), (-0.6, 0.5), split_rng.chance(0.5))


def haworthia(split_rng: SplitRng) -> Strain:
    """Short thick leaves banded with white bumps, or plain and glassy."""
    return aloid(split_rng, "haworthia", (10, 30), (0.18, 0.34), (0.0, 0.7), split_rng.chance(0.75))


_ALOE_TONES = {"green": 4, "dark_green": 4, "bluegrey": 3, "light_green": 1, "reddish": 1}


def aloid(
    split_rng: SplitRng,
    species: str,
    leaf_range: tuple[int, int],
    slender_range: tuple[float, float],
    bend_range: tuple[float, float],
    is_striped: bool,
    tones: Mapping[str, float] = _ALOE_TONES,
) -> Strain:
    """Tapering leaves around a short stem; `tones` are families of colours."""
    colour = foliage(split_rng, tones)
    material = leaf_material(split_rng, colour, gloss=split_rng.between(0.1, 0.35))
    if is_striped:
        pale = split_rng.between(0.72, 0.92)
        material = leaf_material(
            split_rng,
            colour,
            pattern=Pattern.STRIPED,
            third=(pale, pale, pale * 0.92),
            frequency=split_rng.between(10, 26),
            amount=split_rng.between(0.3, 0.7),
        )
    count = split_rng.whole(*leaf_range)
    slender = split_rng.between(*slender_range)
    bend = split_rng.between(*bend_range)
    lowest = split_rng.between(0.25, 0.75)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        number = max(5, int(count * rng.uniform(0.7, 1.25)))
        order = np.arange(number)[::-1] / (number - 1)
        azimuth = np.arange(number) * GOLDEN_ANGLE + rng.normal(0, 0.14, number)
        elevation = lowest + (1 - order) * (1.35 - lowest) + rng.normal(0, 0.08, number)
        length = (0.45 + 0.55 * order**0.6) * rng.uniform(0.75, 1.12, number)
        origin = np.zeros((number, 3))
        origin[:, 2] = (1 - order) * 0.12 + 0.03
        shape = primitives.LeafShape(
            primitives.outline(detail(px, 3, 6), 0.18, 1.25, base=0.8), thickness=0.4, sides=detail(px, 4, 7)
        )
        return primitives.leaves(
            azimuth, elevation, np.full(number, bend), length, length * slender, origin, shape, material, rng
        )

    return strain(species, split_rng, grow, split_rng.pick((0.0, 0.06), (3, 1)))
