"""Triangles with surface coordinates and materials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mlpipeline.training.scenes.materials import Material

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Mesh:
    """A body in cm, z up.

    `vertices` (V, 3); `uv` (V, 2), whose meaning is the material's; `faces` (F, 3) indices of
    vertices; `face_material` (F,) indices of `materials`. Vertices are shared where the surface is
    smooth and doubled at hard edges.
    """

    vertices: Floats
    uv: Floats
    faces: Ints
    face_material: Ints
    materials: tuple[Material, ...]

    def moved(self, x: float, y: float, z: float) -> Mesh:
        return replace(self, vertices=self.vertices + np.array((x, y, z), dtype=np.float32))

    def scaled(self, x: float, y: float, z: float) -> Mesh:
        return replace(self, vertices=self.vertices * np.array((x, y, z), dtype=np.float32))

    def turned(self, yaw: float, lean: float = 0.0, lean_towards: float = 0.0) -> Mesh:
        """Turned by `yaw` about z, then leaned by `lean` towards the azimuth (all radians)."""
        turn = rotation_z(yaw)
        if lean:
            turn = rotation_z(lean_towards) @ rotation_y(lean) @ rotation_z(-lean_towards) @ turn
        return replace(self, vertices=(self.vertices @ turn.T).astype(np.float32))

    def span(self) -> float:
        """Largest horizontal extent (cm)."""
        flat = self.vertices[:, :2]
        return float(np.max(flat.max(axis=0) - flat.min(axis=0)))

    def height(self) -> float:
        return float(self.vertices[:, 2].max())

    @staticmethod
    def joined(parts: Sequence[Mesh]) -> Mesh:
        """Several bodies as one; vertices are not merged."""
        vertex_start = np.cumsum([0] + [len(part.vertices) for part in parts])
        material_start = np.cumsum([0] + [len(part.materials) for part in parts])
        return Mesh(
            vertices=np.concatenate([part.vertices for part in parts]),
            uv=np.concatenate([part.uv for part in parts]),
            faces=np.concatenate(
                [part.faces + np.int32(start) for part, start in zip(parts, vertex_start, strict=False)]
            ),
            face_material=np.concatenate(
                [
                    part.face_material + np.int32(start)
                    for part, start in zip(parts, material_start, strict=False)
                ]
            ),
            materials=tuple(material for part in parts for material in part.materials),
        )


def single(
    vertices: NDArray[np.floating], uv: NDArray[np.floating], faces: NDArray[np.integer], material: Material
) -> Mesh:
    """A mesh of one material."""
    return Mesh(
        vertices=np.ascontiguousarray(vertices.reshape(-1, 3), dtype=np.float32),
        uv=np.ascontiguousarray(uv.reshape(-1, 2), dtype=np.float32),
        faces=np.ascontiguousarray(faces.reshape(-1, 3), dtype=np.int32),
        face_material=np.zeros(faces.size // 3, dtype=np.int32),
        materials=(material,),
    )


def rotation_z(angle: float) -> NDArray[np.float64]:
    """The (3, 3) matrix that turns points about the upward axis, `angle` in radians, counterclockwise."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array(((c, -s, 0.0), (s, c, 0.0), (0.0, 0.0, 1.0)))


def rotation_y(angle: float) -> NDArray[np.float64]:
    """The (3, 3) matrix that turns points about the y axis by `angle` in radians, z towards x."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array(((c, 0.0, s), (0.0, 1.0, 0.0), (-s, 0.0, c)))


def grid_faces(rows: int, columns: int) -> Ints:
    """Triangles of a grid of (rows + 1) × (columns + 1) vertices in row-major order."""
    corner = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)[None, :]).ravel()
    below = corner + columns + 1
    quads = np.stack((corner, corner + 1, below, corner + 1, below + 1, below), axis=1)
    return quads.reshape(-1, 3).astype(np.int32)


def repeated_faces(faces: Ints, copies: int, vertices_each: int) -> Ints:
    """The faces of `copies` equal bodies whose vertices follow one another."""
    starts = (np.arange(copies, dtype=np.int32) * vertices_each)[:, None, None]
    return (faces[None] + starts).reshape(-1, 3).astype(np.int32)
