"""Leafy plants: seedling rosettes, brassica-like seedlings, grasses and maize, palms, bushy crowns."""

from __future__ import annotations

import numpy as np

from mlpipeline.training.scenes import primitives
from mlpipeline.training.scenes.colours import foliage, of_families, shifted
from mlpipeline.training.scenes.materials import Colour
from mlpipeline.training.scenes.mesh import Mesh
from mlpipeline.training.scenes.species.rosettes import GOLDEN_ANGLE, detail
from mlpipeline.training.scenes.species.strain import Strain, leaf_material, strain
from mlpipeline.training.scenes.split_rng import SplitRng

_GREENS = {"green": 5, "light_green": 4, "dark_green": 2, "yellowish": 0.7, "reddish": 0.15, "purple": 0.2}


def seedling(split_rng: SplitRng) -> Strain:
    """A flat rosette of 2 to 14 ovate blades on stalks, the inner ones smaller (thale cress, lettuce)."""
    colour = foliage(split_rng, _GREENS)
    material = leaf_material(
        split_rng,
        colour,
        second=shifted(colour, -6, 0.7, 1.2),
        p0=split_rng.between(0.2, 0.6),
        p2=0.0,
        translucency=0.35,
        amount=split_rng.between(0.03, 0.25),
    )
    most = split_rng.whole(4, 14)
    stalk = split_rng.between(0.15, 0.5)
    slender = split_rng.between(0.34, 0.85)
    widest = split_rng.between(0.45, 0.68)
    cup, wave = split_rng.between(-0.15, 0.5), split_rng.pick((0.0, 0.12, 0.3))
    lowest = split_rng.between(0.0, 0.55)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        number = int(rng.integers(max(2, most // 2), most + 1))
        if rng.random() < 0.08:
            number = int(rng.integers(2, 5))
        order = 1 - np.arange(number) / max(number - 1, 1)
        azimuth = np.arange(number) * (GOLDEN_ANGLE if number > 4 else np.pi * 2 / number)
        azimuth = azimuth + rng.normal(0, 0.2, number)
        elevation = lowest + (1 - order) * 0.5 + rng.normal(0, 0.1, number)
        length = (0.35 + 0.65 * order**0.7) * rng.uniform(0.75, 1.15, number)
        shape = primitives.LeafShape(
            primitives.petiolate(detail(px, 5, 9), stalk, _varied(rng, 0.1, 0.2), widest),
            cup=cup,
            wave=wave,
            sides=detail(px, 2, 4),
        )
        origin = np.zeros((number, 3))
        origin[:, 2] = 0.06 + (1 - order) * 0.06
        bend = rng.normal(-0.35, 0.2, number)
        return primitives.leaves(
            azimuth, elevation, bend, length, length * slender, origin, shape, material, rng
        )

    return strain("seedling", split_rng, grow)


def _varied(rng: np.random.Generator, low: float, high: float) -> float:
    """A trait that differs from plant to plant rather than from strain to strain."""
    return float(rng.uniform(low, high))


def brassica(split_rng: SplitRng) -> Strain:
    """Two notched seed leaves and a few broad veined blades on long stalks (cabbage, rocket)."""
    colour = foliage(
        split_rng,
        {"green": 4, "light_green": 4, "bluegrey": 2, "dark_green": 2, "yellowish": 0.6, "purple": 0.2},
    )
    material = leaf_material(
        split_rng,
        colour,
        second=shifted(colour, -8, 0.6, 1.35),
        amount=split_rng.between(0.1, 0.35),
        p0=0.35,
        translucency=0.35,
    )
    most = split_rng.whole(3, 8)
    stalk = split_rng.between(0.25, 0.5)
    broad = split_rng.between(0.6, 1.05)
    wave = split_rng.between(0.0, 0.35)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        number = int(rng.integers(2, most + 1))
        azimuth = (
            rng.uniform(0, 6.3)
            + np.arange(number) * (np.pi if number < 3 else 2.2)
            + rng.normal(0, 0.25, number)
        )
        length = rng.uniform(0.6, 1.05, number)
        length[:2] *= 0.75
        shape = primitives.LeafShape(
            primitives.petiolate(detail(px, 6, 10), stalk, 0.09, 0.6),
            cup=rng.uniform(0.05, 0.5),
            wave=wave,
            sides=detail(px, 2, 6),
        )
        origin = np.zeros((number, 3))
        origin[:, 2] = rng.uniform(0.05, 0.25, number)
        elevation = rng.uniform(0.35, 0.95, number)
        return primitives.leaves(
            azimuth,
            elevation,
            rng.normal(-0.9, 0.2, number),
            length,
            length * broad,
            origin,
            shape,
            material,
            rng,
        )

    return strain("brassica", split_rng, grow)


def grass(split_rng: SplitRng) -> Strain:
    """Two to nine long arching blades from one point (maize, leek, spring onion)."""
    return _blades(split_rng, "grass", foliage(split_rng, _BLADE_TONES))


def rice(split_rng: SplitRng) -> Strain:
    """The same in the colours of young rice, wheat and maize."""
    return _blades(split_rng, "rice", of_families(split_rng, _BLADE_TONES))


_BLADE_TONES = {"green": 5, "light_green": 4, "bluegrey": 1.5, "yellowish": 1}


def _blades(split_rng: SplitRng, species: str, colour: Colour) -> Strain:
    material = leaf_material(split_rng, colour, amount=0.0, translucency=0.4, p0=0.4)
    fewest = split_rng.pick((2, 2, 3, 4))
    most = fewest + split_rng.whole(0, 4)
    slender = split_rng.between(0.06, 0.34)
    droop = split_rng.between(-1.6, -0.3)
    rise = split_rng.between(0.45, 1.1)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        number = int(rng.integers(fewest, most + 1))
        # Maize unfolds its leaves in two opposite rows.
        azimuth = rng.uniform(0, 6.3) + np.arange(number) * np.pi + rng.normal(0, 0.45, number)
        length = rng.uniform(0.45, 1.0, number)
        shape = primitives.LeafShape(
            primitives.outline(detail(px, 5, 9), rng.uniform(0.25, 0.5), 1.5, base=0.4),
            cup=0.4,
            sides=2,
            wave=rng.uniform(0, 0.2),
        )
        origin = np.zeros((number, 3))
        origin[:, 2] = rng.uniform(0.05, 0.2, number)
        elevation = rng.normal(rise, 0.2, number)
        bend = rng.normal(droop, 0.25, number)
        width = slender * rng.uniform(0.8, 1.2, number)
        return primitives.leaves(azimuth, elevation, bend, length, width, origin, shape, material, rng)

    return strain(species, split_rng, grow)


def palm(split_rng: SplitRng) -> Strain:
    """A crown of feathered fronds seen from above (palm, fern, cycad)."""
    colour = foliage(
        split_rng, {"green": 4, "dark_green": 4, "light_green": 1, "bluegrey": 1, "yellowish": 1}
    )
    material = leaf_material(split_rng, colour, amount=0.0, translucency=0.25)
    fronds = split_rng.whole(7, 22)
    leaflets = split_rng.whole(8, 15)
    broad = split_rng.between(0.16, 0.4)
    droop = split_rng.between(-1.5, -0.5)
    rise = split_rng.between(0.3, 0.9)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        number = max(5, int(fronds * rng.uniform(0.8, 1.2)))
        pairs = leaflets if px > 60 else max(5, leaflets // 2)
        lift = rise + rng.normal(0, 0.2, number)
        head = np.arange(number) * GOLDEN_ANGLE + rng.normal(0, 0.15, number)
        size = rng.uniform(0.7, 1.05, number)
        t = (np.arange(pairs) + 1) / pairs
        angle = lift[:, None] + droop * t * rng.uniform(0.7, 1.2, (number, 1))
        step = size[:, None] / pairs
        out = np.cumsum(np.cos(angle) * step, axis=1)
        rib = np.stack(
            (
                out * np.cos(head)[:, None],
                out * np.sin(head)[:, None],
                np.cumsum(np.sin(angle) * step, axis=1),
            ),
            2,
        )
        rib[..., 2] += 0.25
        length = (broad * np.sin(np.pi * (0.12 + 0.85 * t)) ** 0.7)[None, :] * size[:, None]
        base = np.repeat(rib.reshape(-1, 3), 2, axis=0)
        side = np.tile((1.0, -1.0), number * pairs)
        azimuth = np.repeat(head, 2 * pairs) + side * rng.uniform(0.85, 1.25, len(side))
        shape = primitives.LeafShape(
            primitives.outline(2 if px < 60 else 3, 0.4, 1.5, base=0.5), cup=0.2, sides=2
        )
        leaflet = np.repeat(length.ravel(), 2)
        return primitives.leaves(
            azimuth,
            np.repeat(angle.ravel(), 2) * 0.4,
            np.full(len(side), -0.5),
            leaflet,
            np.maximum(leaflet * 0.16, 1.2 / px),
            base,
            shape,
            material,
            rng,
        )

    return strain("palm", split_rng, grow)


def crown(split_rng: SplitRng) -> Strain:
    """A leafy dome of many small blades: herbs, young trees, shrubs."""
    colour = foliage(split_rng, _GREENS)
    material = leaf_material(split_rng, colour, amount=split_rng.between(0, 0.15), translucency=0.3)
    inner_shade = material.tinted((0.03, 0.06, 0.02), 0.7)
    count = split_rng.whole(60, 180)
    leaf = split_rng.between(0.2, 0.42)
    slender = split_rng.between(0.35, 0.8)
    tall = split_rng.between(0.3, 1.6)
    ragged = split_rng.between(0.05, 0.3)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        number = count if px > 50 else max(30, count // 2)
        z = 1 - (np.arange(number) + 0.5) / number * 1.1
        around = np.arange(number) * GOLDEN_ANGLE
        lobes = (
            1
            + ragged * np.sin(around * rng.integers(2, 5) + rng.uniform(0, 6))
            + rng.normal(0, ragged / 2, number)
        )
        ring = np.sqrt(np.clip(1 - z**2, 0, 1)) * lobes * 0.75
        origin = np.stack(
            (ring * np.cos(around), ring * np.sin(around), np.maximum(z, -0.1) * tall * 0.6 + 0.25), axis=1
        )
        size = leaf * (1.0 if px > 50 else 1.35) * rng.uniform(0.7, 1.2, number)
        shape = primitives.LeafShape(primitives.outline(detail(px, 2, 4), 0.45, 1.8), cup=0.25, sides=2)
        inside = primitives.ellipsoids(
            np.array(((0, 0, 0.25),)), np.diag((0.6, 0.6, 0.5 * tall))[None], 4, 8, inner_shade
        )
        blades = primitives.leaves(
            around + rng.normal(0, 0.5, number),
            z * 0.9 + rng.normal(0, 0.3, number),
            np.full(number, -0.6),
            size,
            size * slender,
            origin,
            shape,
            material,
            rng,
        )
        return Mesh.joined((inside, blades))

    return strain("crown", split_rng, grow)


def cutting(split_rng: SplitRng) -> Strain:
    """A rooted cutting: crossed pairs of ovate leaves on a stem that leans (snapdragon, basil, pepper)."""
    colour = of_families(
        split_rng, {"green": 5, "light_green": 5, "dark_green": 2, "bluegrey": 1, "yellowish": 1}
    )
    material = leaf_material(
        split_rng,
        colour,
        second=shifted(colour, -6, 0.75, 1.2),
        amount=split_rng.between(0.05, 0.25),
        translucency=0.35,
        p0=split_rng.between(0.2, 0.6),
    )
    most = split_rng.whole(2, 4)
    slender = split_rng.between(0.35, 0.75)
    rise = split_rng.between(0.1, 0.6)
    gap = split_rng.between(0.08, 0.3)
    lean = split_rng.between(0.0, 0.7)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        pairs = int(rng.integers(max(1, most - 1), most + 1))
        layer = np.repeat(np.arange(pairs), 2)
        azimuth = layer * np.pi / 2 + np.tile((0.0, np.pi), pairs) + rng.normal(0, 0.18, 2 * pairs)
        length = (0.55 - 0.35 * layer / max(pairs, 2)) * rng.uniform(0.75, 1.15, 2 * pairs)
        origin = np.zeros((2 * pairs, 3))
        origin[:, 2] = 0.08 + layer * gap
        shape = primitives.LeafShape(
            primitives.petiolate(detail(px, 5, 10), 0.16, 0.12, 0.5),
            cup=rng.uniform(0.0, 0.4),
            wave=rng.uniform(0.0, 0.15),
            sides=detail(px, 2, 4),
        )
        elevation = rise + 0.2 * layer + rng.normal(0, 0.12, 2 * pairs)
        bend = rng.normal(-0.5, 0.2, 2 * pairs)
        plant = primitives.leaves(
            azimuth, elevation, bend, length, length * slender, origin, shape, material, rng
        )
        return plant.turned(rng.uniform(0, 6.3), abs(rng.normal(0, lean)), rng.uniform(0, 6.3)).moved(
            0, 0, 0.1
        )

    return strain("cutting", split_rng, grow)


def chrysanthemum(split_rng: SplitRng) -> Strain:
    """Eight to eighteen deeply lobed leaves around a stem: one plant that looks like many (also oak-leaf lettuce)."""
    colour = of_families(split_rng, {"green": 5, "light_green": 4, "dark_green": 3, "yellowish": 1})
    material = leaf_material(
        split_rng,
        colour,
        second=shifted(colour, -6, 0.75, 1.25),
        amount=split_rng.between(0.1, 0.35),
        translucency=0.35,
        p0=split_rng.between(0.3, 0.7),
    )
    most = split_rng.whole(8, 18)
    slender = split_rng.between(0.4, 0.75)
    lobes = split_rng.whole(2, 4)
    depth = split_rng.between(0.25, 0.6)
    lowest = split_rng.between(0.0, 0.4)
    tall = split_rng.between(0.2, 0.7)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        number = int(rng.integers(max(5, most // 2), most + 1))
        order = np.arange(number)[::-1] / max(number - 1, 1)
        azimuth = np.arange(number) * GOLDEN_ANGLE + rng.normal(0, 0.2, number)
        elevation = lowest + (1 - order) * 0.9 + rng.normal(0, 0.12, number)
        length = (0.35 + 0.65 * order**0.6) * rng.uniform(0.75, 1.15, number)
        origin = np.zeros((number, 3))
        origin[:, 2] = 0.05 + (1 - order) * tall
        steps = detail(px, 8, 20)
        t = np.linspace(0.0, 1.0, steps + 1)
        # Lobes are narrow places of the half-width; the leaf's tip is a lobe of its own.
        cut = 1 - depth * (0.5 + 0.5 * np.cos(2 * np.pi * (lobes + 0.5) * t)) * (t > 0.2)
        shape = primitives.LeafShape(
            primitives.petiolate(steps, 0.18, 0.1, 0.6) * cut,
            cup=rng.uniform(0.0, 0.4),
            wave=rng.uniform(0.05, 0.3),
            sides=detail(px, 2, 6),
        )
        bend = rng.normal(-0.6, 0.2, number)
        return primitives.leaves(
            azimuth, elevation, bend, length, length * slender, origin, shape, material, rng
        )

    return strain("chrysanthemum", split_rng, grow)
