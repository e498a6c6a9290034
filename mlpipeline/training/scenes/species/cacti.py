"""Cacti: barrel, column, mammillaria, opuntia; and the stone-like lithops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlpipeline.training.scenes import primitives
from mlpipeline.training.scenes.colours import foliage, shifted
from mlpipeline.training.scenes.materials import Colour, Material, Pattern
from mlpipeline.training.scenes.mesh import Mesh
from mlpipeline.training.scenes.species.rosettes import GOLDEN_ANGLE, detail
from mlpipeline.training.scenes.species.strain import Strain, strain
from mlpipeline.training.scenes.split_rng import SplitRng

_SPINES: tuple[Colour, ...] = (
    (0.93, 0.9, 0.82),
    (0.88, 0.76, 0.4),
    (0.6, 0.42, 0.25),
    (0.75, 0.3, 0.22),
    (0.35, 0.28, 0.24),
)


def spine_material(split_rng: SplitRng) -> Material:
    """The colour of a strain's spines."""
    colour = split_rng.pick(_SPINES)
    return Material(Pattern.PLAIN, colour, colour, colour, noise=0.0, translucency=0.4)


def flesh(split_rng: SplitRng, pattern: Pattern, frequency: float, spots: Colour) -> Material:
    """The skin of a cactus; `frequency` and `spots` belong to the pattern."""
    colour = foliage(
        split_rng, {"green": 5, "dark_green": 3, "light_green": 2, "bluegrey": 3, "grey": 1, "yellowish": 1}
    )
    return Material(
        pattern,
        colour,
        shifted(
            colour, split_rng.between(-12, 12), split_rng.between(0.8, 1.2), split_rng.between(0.55, 0.85)
        ),
        spots,
        frequency=frequency,
        amount=split_rng.between(0.4, 1.0),
        noise=split_rng.between(0.05, 0.3),
        gloss=split_rng.between(0.0, 0.18),
        shine=split_rng.between(8, 30),
        salt=split_rng.texture_salt,
    )


def ribbed(
    rng: np.random.Generator,
    px: float,
    ribs: int,
    depth: float,
    height: float,
    roundness: float,
    material: Material,
) -> tuple[Mesh, NDArray[np.float64], NDArray[np.float64]]:
    """A ribbed body of radius 1; also the areoles' places and outward directions, each (S, 3)."""
    rows = detail(px, 6, 14)
    t = np.linspace(0.0, 1.0, rows + 1)
    radius = np.clip(1 - np.abs(2 * t - 1) ** roundness, 0, 1) ** (1 / roundness)
    radius[0], radius[-1] = 0.6, 0.0
    level = t * height - height * 0.06 * t**8
    per_rib = 4 if px > 45 else 2
    segments = ribs * per_rib
    angle = np.linspace(0, 2 * np.pi, segments + 1)
    phase = angle * ribs / (2 * np.pi)
    ridge = 1 - np.abs((phase % 1) - 0.5) * 2
    swell = 1 - depth * (1 - ridge[None, :] ** 0.7) * np.clip((1.03 - t[:, None]) * 3, 0, 1)
    body = primitives.revolved(radius, level, segments, material, swell, ribs)
    along = np.linspace(0.2, 0.97, 4 + detail(px, 1, 8))
    around = (np.arange(ribs) + 0.5) * 2 * np.pi / ribs
    along, around = (grid.ravel() for grid in np.meshgrid(along, around))
    at_radius = np.interp(along, t, radius)
    at = np.stack(
        (at_radius * np.cos(around), at_radius * np.sin(around), np.interp(along, t, level)), axis=1
    )
    tilt = np.arctan2(along - 0.45, np.maximum(at_radius, 0.15) * 0.8)
    out = np.stack((np.cos(around) * np.cos(tilt), np.sin(around) * np.cos(tilt), np.sin(tilt)), axis=1)
    return body, at, out


def spine_mesh(
    rng: np.random.Generator,
    at: NDArray[np.float64],
    out: NDArray[np.float64],
    each: int,
    length: float,
    px: float,
    material: Material,
) -> Mesh:
    """Spines around each areole; their width never falls below half a pixel of the plant's span."""
    base = np.repeat(at, each, axis=0)
    direction = np.repeat(out, each, axis=0) * 0.7 + rng.normal(0, 0.55, (len(base), 3))
    direction *= (
        length * rng.uniform(0.6, 1.2, (len(base), 1)) / np.linalg.norm(direction, axis=1, keepdims=True)
    )
    return primitives.spines(base * 0.985, direction, max(0.022, 1.1 / px), material)


def barrel(split_rng: SplitRng) -> Strain:
    """A ribbed globe with spines along the ridges and a woolly crown."""
    material = flesh(split_rng, Pattern.RIBS, split_rng.between(6, 14), (0.86, 0.82, 0.66))
    ribs = split_rng.whole(8, 22)
    depth = split_rng.between(0.1, 0.32)
    height = split_rng.between(1.1, 2.2)
    roundness = split_rng.between(1.9, 2.6)
    spine = spine_material(split_rng)
    length = split_rng.between(0.1, 0.42)
    each = split_rng.whole(2, 5)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        body, at, out = ribbed(
            rng, px, ribs, depth * rng.uniform(0.8, 1.2), height * rng.uniform(0.85, 1.2), roundness, material
        )
        if px < 20:
            return body
        return Mesh.joined((body, spine_mesh(rng, at, out, each if px > 60 else 2, length, px, spine)))

    return strain("barrel", split_rng, grow, split_rng.pick((0.0, 0.12), (1, 1)))


def column(split_rng: SplitRng) -> Strain:
    """One or several ribbed columns, taller than wide."""
    material = flesh(split_rng, Pattern.RIBS, split_rng.between(12, 26), (0.88, 0.84, 0.7))
    ribs = split_rng.whole(5, 14)
    depth = split_rng.between(0.14, 0.4)
    height = split_rng.between(2.6, 5.5)
    spine = spine_material(split_rng)
    length = split_rng.between(0.12, 0.45)
    most = split_rng.pick((1, 1, 3, 5))

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        parts = []
        for index in range(int(rng.integers(1, most + 1))):
            size = 1.0 if index == 0 else rng.uniform(0.45, 0.9)
            body, at, out = ribbed(rng, px, ribs, depth, height * rng.uniform(0.7, 1.2), 5.0, material)
            stem = body if px < 24 else Mesh.joined((body, spine_mesh(rng, at, out, 2, length, px, spine)))
            place, reach = rng.uniform(0, 6.3), 0.0 if index == 0 else rng.uniform(1.2, 1.9)
            stem = stem.scaled(size, size, size).turned(rng.uniform(0, 6), abs(rng.normal(0, 0.07)), place)
            parts.append(stem.moved(reach * np.cos(place), reach * np.sin(place), 0))
        return Mesh.joined(parts)

    return strain("column", split_rng, grow, split_rng.pick((0.0, 0.08), (2, 1)))


def mammillaria(split_rng: SplitRng) -> Strain:
    """A globe of tubercles in spirals under a net of short pale spines; alone or in clumps."""
    material = flesh(split_rng, Pattern.PLAIN, 1.0, (0.9, 0.88, 0.82))
    spine = (
        spine_material(split_rng)
        if split_rng.chance(0.4)
        else spine_material(split_rng).tinted((0.97, 0.96, 0.92), 0.8)
    )
    tubercles = split_rng.whole(70, 170)
    knob = split_rng.between(0.1, 0.17)
    length = split_rng.between(0.12, 0.3)
    tall = split_rng.between(0.75, 1.5)
    most = split_rng.pick((1, 1, 1, 4))
    each = split_rng.whole(4, 8)

    def one(rng: np.random.Generator, px: float) -> Mesh:
        number = tubercles if px > 50 else max(30, tubercles // 2)
        z = np.linspace(-0.35, 1.0, number)
        around = np.arange(number) * GOLDEN_ANGLE
        ring = np.sqrt(np.clip(1 - z**2, 0, 1))
        out = np.stack((ring * np.cos(around), ring * np.sin(around), z), axis=1)
        at = out * (1, 1, tall) + (0, 0, 0.4 * tall)
        core = primitives.ellipsoids(
            np.array(((0, 0, 0.4 * tall),)),
            np.diag((0.97, 0.97, 0.97 * tall))[None],
            detail(px, 5, 8),
            detail(px, 8, 14),
            material.tinted((0.05, 0.1, 0.03), 0.35),
        )
        size = knob if px > 50 else knob * 1.5
        frames = np.repeat(np.eye(3)[None] * size, number, axis=0)
        knobs = primitives.ellipsoids(at, frames, 3, 5, material)
        parts = [core, knobs]
        if px > 22:
            parts.append(spine_mesh(rng, at * 1.07, out, each if px > 60 else 3, length, px, spine))
        return Mesh.joined(parts)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        heads = int(rng.integers(1, most + 1))
        parts = [one(rng, px)]
        for _ in range(heads - 1):
            angle, size = rng.uniform(0, 6.3), rng.uniform(0.4, 0.8)
            reach = 0.9 + size * 0.6
            head = one(rng, px * size).scaled(size, size, size)
            parts.append(head.moved(reach * np.cos(angle), reach * np.sin(angle), 0))
        return Mesh.joined(parts)

    return strain("mammillaria", split_rng, grow, split_rng.pick((0.0, 0.15), (1, 1)))


def opuntia(split_rng: SplitRng) -> Strain:
    """Flat oval pads growing on pads, dotted with areoles."""
    material = flesh(
        split_rng,
        Pattern.DOTS,
        split_rng.between(2.5, 5),
        split_rng.pick(((0.93, 0.9, 0.75), (0.6, 0.35, 0.2))),
    )
    return pads(split_rng, "opuntia", material)


def pads(split_rng: SplitRng, species: str, material: Material) -> Strain:
    """One to seven pads of a surface, the later ones on the rims of the earlier."""
    slender = split_rng.between(0.5, 0.85)
    thick = split_rng.between(0.1, 0.24)
    most = split_rng.whole(1, 6)
    spine = spine_material(split_rng)
    is_spiny = split_rng.chance(0.5)

    def pad(
        centre: NDArray[np.float64], heading: float, lift: float, face: float, size: float
    ) -> NDArray[np.float64]:
        axis = np.array((np.cos(heading) * np.cos(lift), np.sin(heading) * np.cos(lift), np.sin(lift)))
        wide = np.cross(axis, (np.cos(face), np.sin(face), 0.2))
        wide /= np.linalg.norm(wide)
        return np.stack((wide * size * slender, np.cross(axis, wide) * size * thick, axis * size), axis=1)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        face = rng.uniform(0, 6.3)
        frames = [pad(np.zeros(3), rng.uniform(0, 6.3), rng.uniform(1.2, 1.57), face, 0.5)]
        centres = [np.array((0.0, 0.0, 0.42))]
        for _ in range(int(rng.integers(0, most + 1))):
            parent = int(rng.integers(len(frames)))
            size = 0.5 * rng.uniform(0.55, 0.95)
            edge = rng.uniform(0.5, 2.6)
            attach = centres[parent] + frames[parent] @ np.array((np.cos(edge), 0, np.sin(edge))) * 0.95
            outward = attach - centres[parent] + (0, 0, 0.15)
            heading = np.arctan2(outward[1], outward[0]) + rng.normal(0, 0.3)
            lift = np.arctan2(outward[2], np.hypot(outward[0], outward[1])) + rng.normal(0, 0.15)
            frames.append(pad(attach, heading, lift, face + rng.normal(0, 0.7), size))
            centres.append(attach + frames[-1][:, 2] * 0.9)
        body = primitives.ellipsoids(
            np.array(centres), np.array(frames), detail(px, 5, 10), detail(px, 8, 16), material
        )
        if not is_spiny or px < 40:
            return body
        chosen = rng.integers(0, len(body.vertices), 40 * len(frames))
        at = body.vertices[chosen].astype(float)
        out = rng.normal(0, 1, at.shape) + np.array((0, 0, 0.3))
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        return Mesh.joined((body, spine_mesh(rng, at, out, 2, 0.12, px * 1.2, spine)))

    return strain(species, split_rng, grow, split_rng.pick((0.0, 0.08), (2, 1)))


def lithops(split_rng: SplitRng) -> Strain:
    """Pairs of flat-topped bodies like pebbles, with a slit between."""
    colour = foliage(split_rng, {"grey": 3, "bluegrey": 3, "pink": 1, "yellowish": 2, "green": 2})
    material = Material(
        Pattern.DOTS,
        colour,
        shifted(colour, 0, 1.1, 0.7),
        shifted(colour, 8, 1.2, 0.6),
        split_rng.between(3, 7),
        0.7,
        0.3,
        salt=split_rng.texture_salt,
    )
    heads = split_rng.pick((1, 2, 5))
    slit = split_rng.between(0.03, 0.14)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        centres, frames = [], []
        for index in range(int(rng.integers(1, heads + 1))):
            turn, angle = rng.uniform(0, 6.3), rng.uniform(0, 6.3)
            size = rng.uniform(0.75, 1.1)
            reach = 0.0 if index == 0 else rng.uniform(0.9, 1.2)
            middle = np.array((reach * np.cos(angle), reach * np.sin(angle), 0.45))
            for side in (-1, 1):
                c, s = np.cos(turn), np.sin(turn)
                centres.append(middle + np.array((c, s, 0)) * side * size * (0.26 + slit))
                frames.append(
                    np.array(((c * 0.28, -s * 0.5, 0), (s * 0.28, c * 0.5, 0), (0, 0, 0.36))) * size
                )
        return primitives.ellipsoids(
            np.array(centres), np.array(frames), detail(px, 4, 9), detail(px, 8, 14), material
        )

    return strain("lithops", split_rng, grow, split_rng.pick((0.0, 0.1), (2, 1)))
