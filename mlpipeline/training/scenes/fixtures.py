"""What belongs to beds and benches and is no plant: strings, tubes, seeds in their cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mlpipeline.training.scenes import primitives
from mlpipeline.training.scenes.colours import drawn, grey, of_families
from mlpipeline.training.scenes.materials import Material, Pattern
from mlpipeline.training.scenes.mesh import Mesh
from mlpipeline.training.scenes.pots import plastic
from mlpipeline.training.scenes.split_rng import SplitRng

Point = tuple[float, float]

#: A hedge grows back with its height, or its foot would lie in the dark.
_LEAN = 0.8
_TWINE = ((0.93, 0.9, 0.85), (0.82, 0.68, 0.45), (0.35, 0.5, 0.3), (0.12, 0.12, 0.12))


def twine(split_rng: SplitRng) -> Material:
    """White, straw-coloured, green or black string."""
    colour = split_rng.pick(_TWINE, (5, 4, 1, 1))
    return Material(Pattern.PLAIN, colour, colour, colour, noise=0.15, salt=split_rng.texture_salt)


def tube_material(split_rng: SplitRng) -> Material:
    """A dusty tube: black, grey, or green like a garden hose."""
    is_grey = split_rng.chance(0.8)
    colour = (
        grey(split_rng, 0.08, 0.45) if is_grey else drawn(split_rng, ((130, 175), (0.4, 0.8), (0.3, 0.6)))
    )
    return plastic(split_rng, colour)


def string(
    split_rng: SplitRng,
    start: Point,
    end: Point,
    height_cm: float,
    sway_cm: float,
    radius_cm: float,
    material: Material,
) -> Mesh:
    """A line from `start` to `end` at a height, with waves of about `sway_cm`; it hangs a little in between."""
    t = np.linspace(0.0, 1.0, 25)
    ahead = np.subtract(end, start)
    side = np.array((-ahead[1], ahead[0])) / (np.hypot(*ahead) + 1e-9)
    waves = np.mean(
        [np.sin(t * split_rng.rng.uniform(2, 14) + split_rng.rng.uniform(0, 6)) for _ in range(3)], axis=0
    )
    middle = np.array(start) + t[:, None] * ahead + (waves * sway_cm)[:, None] * side
    level = height_cm * (1 - 0.2 * np.sin(t * np.pi)) + split_rng.rng.normal(0, 0.15)
    return primitives.tube(np.column_stack((middle, np.maximum(level, radius_cm))), radius_cm, 6, material)


def seeds(split_rng: SplitRng, cells: NDArray[np.float64], pitch_cm: float) -> Mesh:
    """Seeds on the substrate of cells (S, 3): one to three in each, bare or coated, as one body."""
    is_coated = split_rng.chance(0.25)
    colour = drawn(
        split_rng, ((0, 360), (0.3, 0.8), (0.5, 0.9)) if is_coated else ((14, 50), (0.2, 0.8), (0.15, 0.85))
    )
    material = Material(
        Pattern.PLAIN, colour, colour, colour, noise=0.3, gloss=0.1, salt=split_rng.texture_salt
    )
    at = np.repeat(cells, split_rng.whole(1, 3), axis=0)
    at[:, :2] += split_rng.rng.normal(0, 0.13 * pitch_cm, (len(at), 2))
    half = min(split_rng.between(0.06, 0.25), 0.06 * pitch_cm)
    at[:, 2] += 0.6 * half + 0.05 * pitch_cm  # the substrate of a cell is higher in its middle
    wide = half * split_rng.between(0.5, 1.0)
    turn = split_rng.rng.uniform(0, 6.3, len(at))
    frames = np.zeros((len(at), 3, 3))
    frames[:, 0, 0], frames[:, 1, 0] = np.cos(turn) * half, np.sin(turn) * half
    frames[:, 0, 1], frames[:, 1, 1] = -np.sin(turn) * wide, np.cos(turn) * wide
    frames[:, 2, 2] = half * 0.7
    return primitives.ellipsoids(at, frames, 4, 6, material)


def sign(split_rng: SplitRng, tall_cm: float) -> Mesh:
    """One to three painted boards with writing on a stick; it stands at the origin, seen from −y."""
    colour = drawn(split_rng, ((0, 360), (0.4, 0.9), (0.5, 1.0)))
    stick = plastic(split_rng, colour)
    parts = [primitives.block((-0.15, 0.15), (0.0, 0.25), (0.0, tall_cm), stick)]
    boards = split_rng.whole(1, 3)
    high = min(tall_cm / 4, split_rng.between(0.8, 2.5))
    for index in range(boards):
        board = drawn(split_rng, ((0, 360), (0.3, 0.9), (0.55, 1.0)))
        face = Material(
            Pattern.LABEL,
            board,
            board,
            (0.1, 0.1, 0.15),
            frequency=0.8 / high,
            amount=0.8,
            salt=split_rng.texture_salt,
        )
        wide = high * split_rng.between(1.5, 3.5)
        top = tall_cm - index * high * 1.15
        plate = primitives.block((-wide / 2, wide / 2), (-0.15, 0.0), (top - high, top), face)
        parts.append(plate.turned(split_rng.rng.normal(0, 0.2)))
    return Mesh.joined(parts).turned(split_rng.rng.normal(0, 0.5), 0.3, np.pi / 2)


def sticker(split_rng: SplitRng, wide_cm: float) -> Mesh:
    """A price tag on the front of a pot, seen from −y."""
    colour = (
        (0.95, 0.95, 0.93) if split_rng.chance(0.6) else drawn(split_rng, ((0, 360), (0.4, 0.9), (0.7, 1.0)))
    )
    face = Material(
        Pattern.LABEL,
        colour,
        colour,
        (0.1, 0.1, 0.15),
        frequency=2.5 / wide_cm,
        amount=0.8,
        salt=split_rng.texture_salt,
    )
    half, high = wide_cm / 2, wide_cm * split_rng.between(0.3, 0.8)
    return primitives.block((-half, half), (-0.1, 0.0), (-high / 2, high / 2), face).turned(
        split_rng.rng.normal(0, 0.2)
    )


def bow(split_rng: SplitRng, wide_cm: float) -> Mesh:
    """A satin bow: two loops and two ends."""
    colour = drawn(
        split_rng,
        split_rng.pick(
            (((350, 368), (0.75, 0.95), (0.55, 0.9)), ((0, 360), (0.2, 0.9), (0.4, 0.95))), (2, 1)
        ),
    )
    satin = Material(
        Pattern.PLAIN, colour, colour, colour, noise=0.05, gloss=0.35, shine=15, salt=split_rng.texture_salt
    )
    half = wide_cm / 2
    loops = primitives.ellipsoids(
        np.array(((-half * 0.55, -0.3, half * 0.3), (half * 0.55, -0.3, half * 0.3))),
        np.array((_tilted(half * 0.55, 0.4), _tilted(half * 0.55, -0.4))),
        6,
        10,
        satin,
    )
    ends = primitives.leaves(
        np.array((-2.0, -1.1)) + split_rng.rng.normal(0, 0.2, 2),
        np.array((0.3, 0.3)),
        np.array((-1.4, -1.4)),
        np.full(2, wide_cm),
        np.full(2, wide_cm * 0.22),
        np.tile((0.0, -0.2, half * 0.3), (2, 1)),
        primitives.LeafShape(primitives.outline(5, 0.6, 5.0, base=0.8, tip=0.6), cup=0.2, wave=0.2, sides=2),
        satin,
        split_rng.rng,
    )
    return Mesh.joined((loops, ends))


def _tilted(half: float, angle: float) -> NDArray[np.float64]:
    """Half axes (columns) of a flat loop that is turned in the x-z plane."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array(((c * half, 0, -s * half * 0.45), (0, half * 0.3, 0), (s * half, 0, c * half * 0.45)))


def hand(split_rng: SplitRng) -> Mesh:
    """A palm with four fingers and a forearm along −x; the fingers point to +x."""
    tone = drawn(split_rng, ((12, 30), (0.25, 0.6), (0.35, 0.92)))
    skin = Material(
        Pattern.PLAIN, tone, tone, tone, noise=0.1, gloss=0.08, translucency=0.1, salt=split_rng.texture_salt
    )
    parts = [primitives.ellipsoids(np.zeros((1, 3)), np.diag((5.0, 4.2, 1.6))[None], 8, 14, skin)]
    for index in range(4):
        y = (index - 1.5) * 1.9
        reach = split_rng.between(6.5, 8.5)
        path = np.array(((3.5, y, 0.2), (3.5 + reach * 0.5, y * 1.1, 0.3), (3.5 + reach, y * 1.15, -1.2)))
        parts.append(primitives.tube(path, 0.85, 8, skin))
    thumb = np.array(((-1.0, 3.5, 0.0), (2.5, 6.0, 0.2), (5.0, 6.5, -0.5)))
    parts.append(primitives.tube(thumb, 1.0, 8, skin))
    arm = np.array(((-3.0, 0, 0.3), (-20.0, 0, 3.0), (-60.0, 0, 8.0)))
    parts.append(
        primitives.tube(
            arm,
            2.9,
            12,
            skin
            if split_rng.chance(0.5)
            else plastic(split_rng, drawn(split_rng, ((0, 360), (0.0, 0.7), (0.1, 0.9)))),
        )
    )
    return Mesh.joined(parts).turned(split_rng.rng.normal(0, 0.4))


def hedge(split_rng: SplitRng, wide_cm: float, tall_cm: float) -> Mesh:
    """A wall of leaves around the x axis, up to a height: shrubs behind a table, none of them for sale."""
    blade = split_rng.between(5, 14)
    count = int(min(6000, 2.5 * wide_cm * tall_cm / blade**2))
    rng = split_rng.rng
    material = leafage(split_rng)
    high = rng.uniform(0, 1, count) * tall_cm
    origin = np.stack(
        (rng.uniform(-0.5, 0.5, count) * wide_cm, _LEAN * high + rng.uniform(0, 12, count), high), 1
    )
    size = blade * rng.uniform(0.6, 1.3, count)
    shape = primitives.LeafShape(primitives.petiolate(4, 0.15, 0.1), cup=0.2, sides=2)
    leaves = primitives.leaves(
        rng.uniform(-np.pi, 0.0, count),
        rng.uniform(-0.6, 0.9, count),
        rng.normal(-0.6, 0.3, count),
        size,
        size * split_rng.between(0.25, 0.8),
        origin,
        shape,
        material,
        rng,
    )
    shade = primitives.block(
        (-wide_cm / 2, wide_cm / 2), (13, 15), (0, tall_cm), material.tinted((0.02, 0.04, 0.02), 0.85)
    )
    points = shade.vertices.copy()
    points[:, 1] += _LEAN * points[:, 2]
    shade = replace(shade, vertices=points)
    return Mesh.joined((leaves, shade))


def leafage(split_rng: SplitRng) -> Material:
    """The leaves of a hedge."""
    colour = of_families(split_rng, {"green": 4, "dark_green": 4, "light_green": 2, "yellowish": 1})
    return Material(
        Pattern.LEAF,
        colour,
        colour,
        colour,
        amount=0.1,
        noise=0.3,
        translucency=0.35,
        salt=split_rng.texture_salt,
        p0=0.3,
    )


def wall(split_rng: SplitRng, wide_cm: float, tall_cm: float) -> Mesh:
    """A painted wall, or a board, across the x axis."""
    colour = drawn(split_rng, ((0, 360), (0.0, 0.6), (0.1, 0.95)))
    return primitives.block((-wide_cm / 2, wide_cm / 2), (0, 5), (0, tall_cm), plastic(split_rng, colour))
