"""Everything that stands in a scene, gathered as one set of triangles with instances."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mlpipeline.training.scenes.mesh import Floats, Ints, Mesh

Role = Literal["thing", "plant", "opening"]
ContainerType = Literal["segment", "box", "plug"]

_THING = 0


@dataclass(frozen=True, slots=True)
class Instance:
    """A plant, or the opening (rim and substrate) of a pot or cell; number 0 is everything else."""

    role: Role
    container_id: int | None = None
    species: str = ""
    is_alive: bool = True
    place: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(slots=True)
class Container:
    """A bed, crate or tray. `outline` (N, 3) are the points whose hull is its outline in the picture."""

    id: int
    type: ContainerType
    outline: NDArray[np.float64]
    slots: NDArray[np.float64]
    """Places of the plants' stems (S, 3) cm."""


@dataclass(slots=True)
class Distractor:
    """Something that is no plant of the nursery: a fallen leaf, a weed, a stone or a label, for example."""

    type: str
    points: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Geometry:
    """The finished triangles, as the kernels read them."""

    vertices: Floats
    uv: Floats
    faces: Ints
    face_material: Ints
    face_instance: Ints
    materials: Floats


@dataclass(slots=True)
class SceneGeometry:
    """Gathers meshes; the order of calls decides nothing but the numbering."""

    instances: list[Instance] = field(default_factory=lambda: [Instance("thing")])
    containers: list[Container] = field(default_factory=list)
    distractors: list[Distractor] = field(default_factory=list)
    _vertices: list[Floats] = field(default_factory=list)
    _uv: list[Floats] = field(default_factory=list)
    _faces: list[Ints] = field(default_factory=list)
    _face_material: list[Ints] = field(default_factory=list)
    _face_instance: list[Ints] = field(default_factory=list)
    _materials: list[Floats] = field(default_factory=list)
    _vertex_count: int = 0

    def add_instance(self, instance: Instance) -> int:
        """The number by which the instance's faces are marked."""
        self.instances.append(instance)
        return len(self.instances) - 1

    def add(self, mesh: Mesh, instance: int = _THING) -> None:
        """Adds a body in world coordinates."""
        self._append(
            mesh, mesh.vertices, mesh.uv, mesh.faces, mesh.face_material, np.full(len(mesh.faces), instance)
        )

    def add_copies(
        self,
        mesh: Mesh,
        places: NDArray[np.float64],
        yaws: NDArray[np.float64],
        instances: NDArray[np.int64] | None = None,
    ) -> None:
        """Adds copies of a body at `places` (N, 3), turned by `yaws` (N,); each its own instance or things."""
        count = len(places)
        if count == 0:
            return
        c, s = np.cos(yaws)[:, None], np.sin(yaws)[:, None]
        x, y, z = mesh.vertices.T
        vertices = np.stack(
            (c * x - s * y + places[:, :1], s * x + c * y + places[:, 1:2], z + places[:, 2:3]), axis=2
        ).reshape(-1, 3)
        starts = (np.arange(count) * len(mesh.vertices))[:, None, None]
        faces = (mesh.faces[None] + starts).reshape(-1, 3)
        owner = np.zeros(count, dtype=np.int64) if instances is None else instances
        self._append(
            mesh,
            vertices,
            np.tile(mesh.uv, (count, 1)),
            faces,
            np.tile(mesh.face_material, count),
            np.repeat(owner, len(mesh.faces)),
        )

    def add_material_rows(self, rows: list[Floats]) -> int:
        """Adds materials that no face uses (the ground's); the number of the first."""
        self._materials.extend(rows)
        return len(self._materials) - len(rows)

    def _append(
        self,
        mesh: Mesh,
        vertices: NDArray[np.floating],
        uv: Floats,
        faces: NDArray[np.integer],
        face_material: NDArray[np.integer],
        owner: NDArray[np.integer],
    ) -> None:
        self._vertices.append(vertices.astype(np.float32))
        self._uv.append(uv)
        self._faces.append((faces + self._vertex_count).astype(np.int32))
        self._face_material.append((face_material + len(self._materials)).astype(np.int32))
        self._face_instance.append(owner.astype(np.int32))
        self._materials.extend(material.row() for material in mesh.materials)
        self._vertex_count += len(vertices)

    def geometry(self) -> Geometry:
        """All triangles; a scene without any body has empty arrays."""
        if not self._vertices:
            nothing = np.zeros((0, 3), dtype=np.float32)
            none = np.zeros(0, dtype=np.int32)
            return Geometry(
                nothing, nothing[:, :2], nothing.astype(np.int32), none, none, np.stack(self._materials)
            )
        return Geometry(
            np.concatenate(self._vertices),
            np.concatenate(self._uv),
            np.concatenate(self._faces),
            np.concatenate(self._face_material),
            np.concatenate(self._face_instance),
            np.stack(self._materials),
        )
