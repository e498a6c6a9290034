"""Crates and trays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlpipeline.training.scenes import primitives
from mlpipeline.training.scenes.colours import drawn, grey
from mlpipeline.training.scenes.materials import Colour, Material, Pattern
from mlpipeline.training.scenes.mesh import Mesh, single
from mlpipeline.training.scenes.pots import plastic, ring, substrate
from mlpipeline.training.scenes.split_rng import SplitRng


def outline_of(width: float, depth: float, height: float) -> NDArray[np.float64]:
    """The eight corners of a box that stands centred at the origin."""
    x, y = width / 2, depth / 2
    flat = np.array(((-x, -y), (x, -y), (x, y), (-x, y)))
    low, high = np.zeros((4, 1)), np.full((4, 1), height)
    return np.concatenate((np.hstack((flat, low)), np.hstack((flat, high))))


def crate_colour(split_rng: SplitRng) -> Colour:
    """A random colour for a plastic crate, sRGB 0..1; most are blue or black."""
    kind = split_rng.pick(
        ("blue", "black", "grey", "white", "green", "red", "yellow"), (4, 4, 3, 2, 2, 1, 0.5)
    )
    if kind in ("black", "grey", "white"):
        return grey(split_rng, *{"black": (0.1, 0.22), "grey": (0.35, 0.62), "white": (0.78, 0.93)}[kind])
    hue = {"blue": (205, 228), "green": (130, 165), "red": (352, 372), "yellow": (42, 54)}[kind]
    return drawn(split_rng, (hue, (0.55, 0.88), (0.42, 0.78)))


def crate(split_rng: SplitRng, width: float, depth: float, height: float) -> Mesh:
    """An open crate centred at the origin: plastic with slots, closed plastic, or wooden slats."""
    thick = split_rng.between(0.8, 2.2)
    if split_rng.chance(0.18):
        tone = drawn(split_rng, ((18, 36), (0.3, 0.6), (0.4, 0.75)))
        wall = Material(
            Pattern.WOOD,
            tone,
            (tone[0] * 0.6, tone[1] * 0.55, tone[2] * 0.5),
            (0.08, 0.06, 0.05),
            amount=0.6,
            noise=0.3,
            salt=split_rng.texture_salt,
            p0=split_rng.between(4, 9),
        )
        floor = rim = wall
    else:
        colour = crate_colour(split_rng)
        base = plastic(split_rng, colour)
        shadow = (colour[0] * 0.18, colour[1] * 0.18, colour[2] * 0.2)
        wall = Material(
            Pattern.SLOTS,
            colour,
            colour,
            shadow,
            frequency=1 / split_rng.between(2.5, 7.0),
            amount=split_rng.pick((1.0, 0.0), (3, 1)),
            noise=base.noise,
            gloss=base.gloss,
            shine=base.shine,
            salt=split_rng.texture_salt,
            p0=1 / split_rng.between(2.2, 5.0),
            p1=height,
            p2=split_rng.pick((0.0, 1.0)),
        )
        rim = base
        floor = wall if split_rng.chance(0.4) else base.tinted((0.05, 0.05, 0.05), 0.3)
    x, y = width / 2, depth / 2
    lip = height - 0.9
    parts = [primitives.block((-x, x), (-y, y), (0.4, 1.0), floor)]
    for sign in (-1, 1):
        ys = sorted((sign * y, sign * (y - thick)))
        xs = sorted((sign * x, sign * (x - thick)))
        for level, surface in (((0.0, lip), wall), ((lip, height), rim)):
            parts.append(primitives.block((-x, x), (ys[0], ys[1]), level, surface))
            parts.append(primitives.block((xs[0], xs[1]), (-y + thick, y - thick), level, surface))
    return Mesh.joined(parts)


@dataclass(frozen=True, slots=True)
class Tray:
    """A tray of equal cells centred at the origin.

    `cell` is one cell's opening (walls and substrate) at the origin; `centres` (rows × columns, 3)
    are the places of the cells' substrate.
    """

    body: Mesh
    cell: Mesh
    centres: NDArray[np.float64]
    width: float
    depth: float
    height: float


def tray(
    split_rng: SplitRng,
    columns: int,
    rows: int,
    pitch: float,
    px: float,
    soil: Material | None = None,
    colour: Colour | None = None,
    is_heaped: bool = False,
) -> Tray:
    """A moulded tray; `px` is a cell's span in the picture, `soil` what fills the cells; without a colour any.

    is_heaped: whether the soil fills the cells and some of it lies on their rims.
    """
    is_round = split_rng.chance(0.3)
    # A multiple of eight has a vertex at each corner of the square cell.
    segments = 24 if px > 70 else 16 if px > 30 else 8
    height = split_rng.between(3.0, 5.5)
    margin = split_rng.between(0.3, 2.0)
    opening = pitch / 2 * split_rng.between(0.78, 0.93)
    depth = min(pitch * split_rng.between(0.1, 0.3), height * 0.6)
    usual = grey(split_rng, 0.07, 0.24) if split_rng.chance(0.7) else crate_colour(split_rng)
    material = plastic(split_rng, colour or usual)
    angle = np.linspace(0, 2 * np.pi, segments + 1)
    hole_radius = ring(segments, not is_round) * opening
    # The rounded square's corners must stay inside the cell.
    hole_radius = np.minimum(
        hole_radius, pitch / 2 * 0.96 / np.maximum(np.abs(np.cos(angle)), np.abs(np.sin(angle)))
    )
    square_radius = pitch / 2 / np.maximum(np.abs(np.cos(angle)), np.abs(np.sin(angle)))
    around = np.stack((np.cos(angle), np.sin(angle)), axis=1)
    centre_x = (np.arange(columns) - (columns - 1) / 2) * pitch
    centre_y = (np.arange(rows) - (rows - 1) / 2) * pitch
    centres = np.stack([grid.ravel() for grid in np.meshgrid(centre_x, centre_y)], axis=1)
    plate = _ring_mesh(
        around * hole_radius[:, None], around * square_radius[:, None], height, height, material
    )
    wall_foot = around * hole_radius[:, None] * split_rng.between(0.82, 0.97)
    level = height - depth
    wall = _ring_mesh(
        wall_foot, around * hole_radius[:, None], level, height, material.tinted((0.02, 0.02, 0.02), 0.25)
    )
    edge = wall_foot
    if is_heaped:
        level = height
        edge = around * _ragged(split_rng, hole_radius, pitch)[:, None]
    filling = _ring_mesh(edge * 0.02, edge, level + 0.05 * pitch, level, soil or substrate(split_rng))
    plates = [plate.moved(x, y, 0.0) for x, y in centres]
    width, deep = columns * pitch + 2 * margin, rows * pitch + 2 * margin
    frame = _frame(columns * pitch, rows * pitch, margin, height, split_rng.between(0.0, 0.6), material)
    body = Mesh.joined([*_one_material(plates), frame])
    places = np.hstack((centres, np.full((len(centres), 1), level)))
    return Tray(body, Mesh.joined((wall, filling)).moved(0, 0, -level), places, width, deep, height)


def _ragged(split_rng: SplitRng, radius: NDArray[np.float64], pitch: float) -> NDArray[np.float64]:
    """The closed outline (K,) of soil that covers a hole of a radius by angle and some of its rim."""
    spilt = radius * split_rng.between(1.0, 1.1) * (1 + split_rng.rng.normal(0, 0.05, len(radius)))
    spilt[-1] = spilt[0]
    return np.minimum(spilt, 0.49 * pitch * np.sqrt(2))  # the corner of its cell


def _one_material(parts: list[Mesh]) -> list[Mesh]:
    """Equal parts as one mesh that names its material once."""
    merged = Mesh.joined(parts)
    return [
        Mesh(
            merged.vertices, merged.uv, merged.faces, np.zeros_like(merged.face_material), parts[0].materials
        )
    ]


def _ring_mesh(
    inner: NDArray[np.float64], outer: NDArray[np.float64], inner_z: float, outer_z: float, material: Material
) -> Mesh:
    """The surface between two closed outlines (K, 2)."""
    count = len(inner)
    vertices = np.concatenate(
        (np.hstack((inner, np.full((count, 1), inner_z))), np.hstack((outer, np.full((count, 1), outer_z))))
    )
    first = np.arange(count - 1)
    faces = np.concatenate(
        (
            np.stack((first, first + count, first + 1), 1),
            np.stack((first + 1, first + count, first + count + 1), 1),
        )
    )
    return single(vertices, vertices[:, :2], faces, material)


def _frame(
    inner_w: float, inner_d: float, margin: float, height: float, raised: float, material: Material
) -> Mesh:
    """The rim around the cells, with the outer walls down to the ground."""
    x0, y0 = inner_w / 2, inner_d / 2
    x1, y1 = x0 + margin, y0 + margin
    top = height + raised
    return Mesh.joined(
        (
            primitives.block((-x1, x1), (-y1, -y0), (0.0, top), material),
            primitives.block((-x1, x1), (y0, y1), (0.0, top), material),
            primitives.block((-x1, -x0), (-y0, y0), (0.0, top), material),
            primitives.block((x0, x1), (-y0, y0), (0.0, top), material),
        )
    )
