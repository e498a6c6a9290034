"""The building blocks of plants and things: leaves, bodies of revolution, ellipsoids, spines, boxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlpipeline.training.scenes.materials import Material
from mlpipeline.training.scenes.mesh import Mesh, grid_faces, repeated_faces, single

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LeafShape:
    """What the leaves of one plant have in common.

    `profile` holds the half-width along the leaf from base to tip, 0..1. `thickness` is the share of
    the width (0: a thin sheet); `cup` bends the sides of a sheet up, `wave` ripples its margin;
    `steps` and `sides` are the numbers of segments along and across.
    """

    profile: Array
    thickness: float = 0.0
    cup: float = 0.2
    wave: float = 0.0
    sides: int = 4

    @property
    def steps(self) -> int:
        return len(self.profile) - 1


def outline(steps: int, widest: float, blunt: float, base: float = 0.25, tip: float = 0.0) -> Array:
    """Half-widths of a leaf whose widest place is at `widest` (0..1); larger `blunt` is rounder."""
    t = np.linspace(0.0, 1.0, steps + 1)
    rising = base + (1.0 - base) * np.sin(np.clip(t / widest, 0, 1) * np.pi / 2) ** 1.2
    falling = np.clip(1.0 - np.clip((t - widest) / (1.0 - widest), 0, 1) ** blunt, 0, 1) ** (1 / 1.6)
    return np.where(t <= widest, rising, np.maximum(falling, tip))


def petiolate(steps: int, stalk: float, stalk_width: float, widest: float = 0.55) -> Array:
    """Half-widths of a blade on a stalk that takes the share `stalk` of the length."""
    t = np.linspace(0.0, 1.0, steps + 1)
    inside = np.clip((t - stalk) / (1.0 - stalk), 0.0, 1.0)
    bend = np.log(0.5) / np.log(widest)
    blade = np.sin(np.pi * inside**bend) ** 0.75
    return np.maximum(blade, np.where(t < 0.97, stalk_width, 0.0))


def leaves(
    azimuth: Array,
    elevation: Array,
    bend: Array,
    length: Array,
    width: Array,
    origin: Array,
    shape: LeafShape,
    material: Material,
    rng: np.random.Generator,
) -> Mesh:
    """L leaves from their base points; uv is (−1..1 across, 0..1 along).

    `azimuth`, `elevation` (above the horizon at the base) and `bend` (change of elevation up to the
    tip) are (L,) radians, `length` and `width` (L,) cm, `origin` (L, 3) cm.
    """
    count, steps = len(azimuth), shape.steps
    t = np.linspace(0.0, 1.0, steps + 1)
    sway = rng.normal(0.0, 0.12, count)
    heading = azimuth[:, None] + sway[:, None] * t
    lift = elevation[:, None] + bend[:, None] * t
    ahead = np.stack((np.cos(heading), np.sin(heading), np.zeros_like(heading)), axis=2)
    step = np.cos(lift)[..., None] * ahead
    step[..., 2] = np.sin(lift)
    path = np.cumsum((step[:, :-1] + step[:, 1:]) / 2, axis=1) * (length / steps)[:, None, None]
    centre = np.concatenate((np.zeros((count, 1, 3)), path), axis=1) + origin[:, None, :]
    side = np.stack((-np.sin(heading), np.cos(heading), np.zeros_like(heading)), axis=2)
    up = -np.sin(lift)[..., None] * ahead
    up[..., 2] = np.cos(lift)
    roll = rng.normal(0.0, 0.15, count)[:, None, None]
    side, up = side * np.cos(roll) + up * np.sin(roll), up * np.cos(roll) - side * np.sin(roll)
    half = width[:, None] / 2 * shape.profile[None, :]
    if shape.thickness > 0:
        angle = np.linspace(0.0, 2 * np.pi, shape.sides + 1)
        across = np.cos(angle)
        rise = np.sin(angle) * np.where(np.sin(angle) > 0, 0.6, 1.2) * shape.thickness
        rise = rise[None, None, :] * half[..., None]
        # Fleshy leaves are thick to the base even where they are narrow.
        rise = rise + np.sin(angle)[None, None, :] * (shape.thickness * 0.12 * width)[:, None, None]
    else:
        across = np.linspace(-1.0, 1.0, shape.sides + 1)
        ripple = shape.wave * np.sin(rng.random(count)[:, None] * 7 + t[None, :] * rng.uniform(9, 17))
        rise = half[..., None] * (
            shape.cup * np.abs(across)[None, None, :] ** 1.5
            + ripple[..., None] * np.abs(across)[None, None, :] ** 3
        )
    vertices = (
        centre[:, :, None, :]
        + side[:, :, None, :] * (half[..., None] * across[None, None, :])[..., None]
        + up[:, :, None, :] * rise[..., None]
    )
    uv = np.empty((*vertices.shape[:3], 2))
    uv[..., 0] = across
    uv[..., 1] = t[:, None]
    faces = repeated_faces(grid_faces(steps, shape.sides), count, (steps + 1) * (shape.sides + 1))
    return single(vertices, uv, faces, material)


def revolved(
    radius: Array,
    height: Array,
    segments: int,
    material: Material,
    swell: Array | None = None,
    ribs: float = 1.0,
) -> Mesh:
    """A body of revolution; `radius` and `height` (N,) from bottom to top.

    `swell` (N, segments + 1) multiplies the radius. uv is (turns × ribs, 0..1 along the profile).
    """
    angle = np.linspace(0.0, 2 * np.pi, segments + 1)
    reach = np.broadcast_to(radius[:, None], (len(radius), segments + 1))
    if swell is not None:
        reach = reach * swell
    vertices = np.stack(
        (reach * np.cos(angle), reach * np.sin(angle), np.broadcast_to(height[:, None], reach.shape)), axis=2
    )
    uv = np.empty((len(radius), segments + 1, 2))
    uv[..., 0] = angle / (2 * np.pi) * ribs
    uv[..., 1] = np.linspace(0.0, 1.0, len(radius))[:, None]
    return single(vertices, uv, grid_faces(len(radius) - 1, segments), material)


def ellipsoids(centre: Array, frame: Array, rings: int, segments: int, material: Material) -> Mesh:
    """L ellipsoids; `centre` (L, 3), `frame` (L, 3, 3) whose columns are the half axes in cm.

    uv is (0..4 around, 0..2 from bottom to top), so that spots are about round.
    """
    latitude = np.linspace(-np.pi / 2, np.pi / 2, rings + 1)
    longitude = np.linspace(0.0, 2 * np.pi, segments + 1)
    ball = np.stack(
        (
            np.cos(latitude)[:, None] * np.cos(longitude),
            np.cos(latitude)[:, None] * np.sin(longitude),
            np.broadcast_to(np.sin(latitude)[:, None], (rings + 1, segments + 1)),
        ),
        axis=2,
    ).reshape(-1, 3)
    vertices = np.einsum("lij,vj->lvi", frame, ball) + centre[:, None, :]
    uv = np.empty((rings + 1, segments + 1, 2))
    uv[..., 0] = longitude / (2 * np.pi) * 4
    uv[..., 1] = (latitude / np.pi + 0.5)[:, None] * 2
    uv = np.broadcast_to(uv.reshape(1, -1, 2), (len(centre), len(ball), 2))
    faces = repeated_faces(grid_faces(rings, segments), len(centre), len(ball))
    return single(vertices, uv, faces, material)


def spines(base: Array, direction: Array, width: float, material: Material) -> Mesh:
    """S thin spikes as crossed triangles; `base` and `direction` (S, 3), the latter with its length."""
    helper = np.where(
        np.abs(direction[:, 2:3]) < 0.8 * np.linalg.norm(direction, axis=1, keepdims=True), 1.0, 0.0
    )
    reference = np.concatenate((1 - helper, np.zeros_like(helper), helper), axis=1)
    first = np.cross(direction, reference)
    first /= np.linalg.norm(first, axis=1, keepdims=True) + 1e-9
    second = np.cross(direction, first)
    second /= np.linalg.norm(second, axis=1, keepdims=True) + 1e-9
    tip = base + direction
    corners = [base - first * width / 2, base + first * width / 2, tip, base - second * width / 2]
    corners += [base + second * width / 2, tip]
    vertices = np.stack(corners, axis=1)
    uv = np.broadcast_to(
        np.array(((0, 0), (0, 0), (0, 1), (0, 0), (0, 0), (0, 1)), dtype=float), (*vertices.shape[:2], 2)
    )
    faces = np.arange(len(base) * 6, dtype=np.int32).reshape(-1, 3)
    return single(vertices, uv, faces, material)


def block(x: tuple[float, float], y: tuple[float, float], z: tuple[float, float], material: Material) -> Mesh:
    """A box with hard edges; uv is in cm on each face (along, up or across)."""
    parts = []
    for axis, level in ((0, x), (1, y), (2, z)):
        others = [span for index, span in enumerate((x, y, z)) if index != axis]
        for value in level:
            square = np.empty((4, 3))
            (a0, a1), (b0, b1) = others
            rest = [index for index in range(3) if index != axis]
            square[:, axis] = value
            square[:, rest[0]] = (a0, a1, a1, a0)
            square[:, rest[1]] = (b0, b0, b1, b1)
            uv = np.array(((0, 0), (a1 - a0, 0), (a1 - a0, b1 - b0), (0, b1 - b0)))
            parts.append((square, uv))
    vertices = np.concatenate([square for square, _ in parts])
    uv = np.concatenate([plane for _, plane in parts])
    faces = np.concatenate([np.array(((0, 1, 2), (0, 2, 3))) + 4 * index for index in range(6)])
    return single(vertices, uv, faces, material)


def tube(path: Array, radius: float, sides: int, material: Material) -> Mesh:
    """A hose along `path` (N, 3); uv is (0..1 around, cm along)."""
    ahead = np.gradient(path, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True) + 1e-9
    side = np.cross(ahead, np.array((0.0, 0.0, 1.0)))
    side /= np.linalg.norm(side, axis=1, keepdims=True) + 1e-9
    up = np.cross(side, ahead)
    angle = np.linspace(0.0, 2 * np.pi, sides + 1)
    ring = side[:, None, :] * np.cos(angle)[None, :, None] + up[:, None, :] * np.sin(angle)[None, :, None]
    vertices = path[:, None, :] + ring * radius
    uv = np.empty((len(path), sides + 1, 2))
    uv[..., 0] = angle / (2 * np.pi)
    uv[..., 1] = np.concatenate(((0.0,), np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))))[:, None]
    return single(vertices, uv, grid_faces(len(path) - 1, sides), material)
