"""What lies about in a nursery and is not to be counted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mlpipeline.training.scenes import primitives
from mlpipeline.training.scenes.colours import drawn, dry, foliage, grey
from mlpipeline.training.scenes.materials import Material, Pattern
from mlpipeline.training.scenes.mesh import Mesh
from mlpipeline.training.scenes.pots import plastic, pot
from mlpipeline.training.scenes.split_rng import SplitRng

#: Builds one thing about `size_cm` long at the origin, for a picture in which it spans `px`.
Maker = Callable[[SplitRng, float, float], Mesh]


def fallen_leaf(split_rng: SplitRng, size_cm: float, px: float) -> Mesh:
    """A leaf of `size_cm` on the ground, most often a dry one."""
    colour = dry(split_rng) if split_rng.chance(0.8) else drawn(split_rng, ((35, 75), (0.4, 0.7), (0.5, 0.8)))
    material = Material(
        Pattern.LEAF,
        colour,
        colour,
        colour,
        frequency=40,
        amount=0.2,
        noise=0.4,
        translucency=0.2,
        salt=split_rng.texture_salt,
        p0=0.1,
    )
    shape = primitives.LeafShape(
        primitives.outline(6, split_rng.between(0.35, 0.6), 1.6, base=0.05),
        cup=split_rng.between(-0.3, 0.6),
        sides=4,
    )
    one = np.ones(1)
    return primitives.leaves(
        one * 0,
        one * 0.15,
        one * split_rng.between(-0.6, 0.3),
        one * size_cm,
        one * size_cm * split_rng.between(0.3, 0.6),
        np.array(((0.0, 0.0, 0.15),)),
        shape,
        material,
        split_rng.rng,
    )


def weed(split_rng: SplitRng, size_cm: float, px: float) -> Mesh:
    """A tuft of narrow blades or a small leafy weed."""
    colour = foliage(split_rng, {"green": 3, "light_green": 3, "yellowish": 1})
    material = Material(
        Pattern.LEAF,
        colour,
        colour,
        colour,
        amount=0.0,
        noise=0.2,
        translucency=0.4,
        salt=split_rng.texture_salt,
        p0=0.3,
    )
    count = split_rng.whole(4, 14)
    slender = split_rng.pick((0.07, 0.1, 0.4))
    azimuth = split_rng.rng.uniform(0, 2 * np.pi, count)
    length = size_cm / 2 * split_rng.rng.uniform(0.5, 1.0, count)
    shape = primitives.LeafShape(primitives.outline(5, 0.4, 1.5, base=0.4), cup=0.3, sides=2)
    return primitives.leaves(
        azimuth,
        split_rng.rng.uniform(0.3, 1.2, count),
        split_rng.rng.uniform(-1.3, 0.0, count),
        length,
        length * slender,
        np.zeros((count, 3)),
        shape,
        material,
        split_rng.rng,
    )


def stone(split_rng: SplitRng, size_cm: float, px: float) -> Mesh:
    """A flattened stone, `size_cm` at its widest, with an uneven surface."""
    colour = drawn(split_rng, ((15, 50), (0.03, 0.25), (0.4, 0.85)))
    material = Material(Pattern.PLAIN, colour, colour, colour, noise=0.3, salt=split_rng.texture_salt)
    half = size_cm / 2 * np.array((1.0, split_rng.between(0.5, 1.0), split_rng.between(0.3, 0.6)))
    body = primitives.ellipsoids(np.zeros((1, 3)), np.diag(half)[None], 5, 8, material)
    bumps = 1 + 0.16 * split_rng.rng.standard_normal(len(body.vertices)).astype(np.float32)[:, None]
    return Mesh(
        body.vertices * bumps + np.array((0, 0, half[2] * 0.5), dtype=np.float32),
        body.uv,
        body.faces,
        body.face_material,
        body.materials,
    )


def label(split_rng: SplitRng, size_cm: float, px: float) -> Mesh:
    """A plastic label, lying, leaning or upright."""
    colour = (
        (0.94, 0.94, 0.93) if split_rng.chance(0.75) else drawn(split_rng, ((0, 360), (0.4, 0.9), (0.7, 1.0)))
    )
    material = Material(
        Pattern.LABEL,
        colour,
        colour,
        (0.15, 0.15, 0.25),
        frequency=split_rng.between(1.2, 3),
        amount=split_rng.pick((0.0, 0.8)),
        gloss=0.2,
        salt=split_rng.texture_salt,
    )
    wide = size_cm * split_rng.between(0.15, 0.3)
    plate = primitives.block((0, size_cm), (-wide / 2, wide / 2), (0.0, 0.08), material)
    lean = -split_rng.pick((0.03, 0.5, 1.2))
    return plate.turned(0.0, lean).moved(0, 0, 0.1)


def hose(split_rng: SplitRng, size_cm: float, px: float) -> Mesh:
    """A hose or cable in a loose curve."""
    colour = split_rng.pick(
        ((0.1, 0.1, 0.1), (0.12, 0.45, 0.2), (0.85, 0.7, 0.15), (0.2, 0.3, 0.6), (0.75, 0.4, 0.2))
    )
    t = np.linspace(-1, 1, 60)
    sway = sum(
        split_rng.between(0.02, 0.12) * np.sin(t * split_rng.between(1, 7) + split_rng.between(0, 6))
        for _ in range(3)
    )
    radius = size_cm * split_rng.between(0.002, 0.008)
    path = np.stack((t * size_cm / 2, sway * size_cm, np.full(60, radius)), axis=1)
    return primitives.tube(path, radius, 8, plastic(split_rng, colour))


def loose_pot(split_rng: SplitRng, size_cm: float, px: float) -> Mesh:
    """An empty pot that stands about or lies on its side; it belongs to no container."""
    model = pot(split_rng, size_cm, px)
    body = model.body if split_rng.chance(0.5) else Mesh.joined((model.body, model.opening))
    if split_rng.chance(0.4):
        return body.turned(0.0, np.pi / 2).moved(0, 0, size_cm * 0.45)
    return body


def plank(split_rng: SplitRng, size_cm: float, px: float) -> Mesh:
    """A board, a steel profile or a tool's handle."""
    tone = (
        drawn(split_rng, ((20, 36), (0.1, 0.5), (0.4, 0.75)))
        if split_rng.chance(0.6)
        else grey(split_rng, 0.3, 0.7)
    )
    material = Material(
        Pattern.WOOD,
        tone,
        (tone[0] * 0.6, tone[1] * 0.6, tone[2] * 0.6),
        tone,
        amount=0.5,
        noise=0.3,
        salt=split_rng.texture_salt,
        p0=50.0,
    )
    wide = size_cm * split_rng.between(0.02, 0.1)
    return primitives.block(
        (-size_cm / 2, size_cm / 2), (-wide / 2, wide / 2), (0, wide * split_rng.between(0.2, 1)), material
    )


def boot(split_rng: SplitRng, size_cm: float, px: float) -> Mesh:
    """A foot with a leg that leans out of the picture."""
    colour = drawn(split_rng, ((0, 360), (0.05, 0.4), (0.12, 0.5)))
    leg = drawn(split_rng, ((200, 235), (0.2, 0.6), (0.2, 0.55)))
    long, wide = size_cm / 2, size_cm * 0.19
    foot = primitives.ellipsoids(
        np.array(((0, 0, wide * 0.6),)),
        np.diag((long, wide, wide * 0.75))[None],
        8,
        16,
        plastic(split_rng, colour),
    )
    path = np.array(
        ((-long * 0.55, 0, wide * 0.6), (-long * 0.7, 0, size_cm), (-long * 1.6, 0, size_cm * 2.0))
    )
    path = np.stack([np.interp(np.linspace(0, 2, 9), (0, 1, 2), path[:, axis]) for axis in range(3)], axis=1)
    return Mesh.joined((foot, primitives.tube(path, wide * 0.95, 14, plastic(split_rng, leg))))


def sheet(split_rng: SplitRng, size_cm: float, px: float) -> Mesh:
    """A flat sheet or card on the ground."""
    colour = drawn(split_rng, ((0, 360), (0.0, 0.5), (0.3, 0.95)))
    material = Material(
        Pattern.LABEL,
        colour,
        colour,
        (0.2, 0.2, 0.2),
        frequency=0.8,
        amount=split_rng.pick((0.0, 0.7)),
        salt=split_rng.texture_salt,
    )
    deep = size_cm * split_rng.between(0.4, 1.0)
    return primitives.block((-size_cm / 2, size_cm / 2), (-deep / 2, deep / 2), (0.0, 0.1), material)


#: Maker, size range in cm, and how often it is seen.
LOOSE: dict[str, tuple[Maker, tuple[float, float], float]] = {
    "leaf": (fallen_leaf, (2, 9), 8),
    "weed": (weed, (4, 15), 5),
    "stone": (stone, (1, 7), 4),
    "label": (label, (6, 14), 3),
    "pot": (loose_pot, (7, 20), 1.5),
    "plank": (plank, (25, 120), 1),
    "sheet": (sheet, (8, 40), 0.8),
}
