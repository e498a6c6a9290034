"""The exact truth of a scene, read from its instance buffer."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mlpipeline.training.scenes.camera import Camera
from mlpipeline.training.scenes.rasterizer import draw_faces
from mlpipeline.training.scenes.scene_geometry import Container, Geometry, SceneGeometry

Box = tuple[float, float, float, float]
Polygon = tuple[tuple[float, float], ...]

#: A plant counts when at least this share of its own outline lies in the picture.
COUNTED_SHARE = 0.35
#: A plant with fewer visible pixels than this is hidden: it counts, but has no box.
MIN_VISIBLE_PX = 3
#: An empty place is listed when at least this share of its opening is visible.
EMPTY_VISIBLE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Plant:
    """A plant that counts.

    `x`, `y` are the centre and `r` half the mean side of `box`, the box of the visible outline (px,
    right and bottom excluded). A plant that is fully hidden has no box; its `x`, `y` are its stem's.
    `occluded_fraction` is the share of its own pixels in the picture that other things hide.
    """

    x: float
    y: float
    r: float
    box: Box | None
    container_id: int | None
    occluded_fraction: float
    species: str
    alive: bool


@dataclass(frozen=True, slots=True)
class ContainerTruth:
    """A container in the picture; `capacity` counts the slots whose middle lies in it."""

    id: int
    type: str
    polygon: Polygon
    capacity: int
    empty_cells: int


@dataclass(frozen=True, slots=True)
class EmptyPlace:
    """An empty pot or cell that is seen: the box of its opening (px)."""

    box: Box
    container_id: int


@dataclass(frozen=True, slots=True)
class DistractorTruth:
    """A distractor in the picture: the middle and the box of its projection (px), whatever hides it."""

    type: str
    x: float
    y: float
    box: Box


@dataclass(frozen=True, slots=True)
class Buffers:
    """What was drawn: instance counts and boxes, in samples."""

    own: NDArray[np.int32]
    seen: NDArray[np.int32]
    boxes: NDArray[np.int32]
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    near: NDArray[np.float32]


def shares_in_picture(
    geometry: Geometry, buffers: Buffers, wanted: list[int], width: int, height: int
) -> dict[int, float]:
    """The share of each wanted instance's own outline that lies in the picture (width × height samples)."""
    order = np.argsort(geometry.face_instance, kind="stable")
    owners = geometry.face_instance[order]
    starts, ends = np.searchsorted(owners, wanted, side="left"), np.searchsorted(owners, wanted, side="right")
    shares = {}
    for number, start, end in zip(wanted, starts, ends, strict=True):
        faces = geometry.faces[order[start:end]]
        used = np.unique(faces)
        x, y = buffers.x[used], buffers.y[used]
        if x.min() >= 0 and y.min() >= 0 and x.max() <= width and y.max() <= height:
            shares[number] = 1.0
        elif x.max() <= 0 or y.max() <= 0 or x.min() >= width or y.min() >= height:
            shares[number] = 0.0
        else:
            shares[number] = float(buffers.own[number]) / max(
                _own_px(faces, buffers, used, width + height), 1
            )
    return shares


def _own_px(faces: NDArray[np.int32], buffers: Buffers, used: NDArray[np.int32], most_px: int) -> float:
    """Samples of an instance drawn alone on a canvas that holds it whole.

    What reaches close to the camera would need gigabytes: it is drawn smaller, `most_px` a side, and its samples
    are scaled up again.
    """
    before = buffers.near[used] > 0  # what is behind the camera has no place in its picture, and is not drawn
    if not before.any():
        return 0.0
    x, y = buffers.x[used], buffers.y[used]
    left, top = np.floor(x[before].min()), np.floor(y[before].min())
    extent = max(float(x[before].max() - left), float(y[before].max() - top))
    scale = min(1.0, most_px / max(extent, 1.0))
    x, y = (x - left) * scale, (y - top) * scale
    wide, high = int(x[before].max()) + 2, int(y[before].max()) + 2
    small = np.searchsorted(used, faces).astype(np.int32)
    own = np.zeros(1, dtype=np.int32)
    shape = (high, wide)
    draw_faces(
        x.astype(np.float32),
        y.astype(np.float32),
        buffers.near[used],
        small,
        np.zeros(len(small), dtype=np.int32),
        np.zeros(shape, dtype=np.float32),
        np.full(shape, -1, dtype=np.int32),
        np.full(shape, -1, dtype=np.int32),
        own,
    )
    return float(own[0]) / scale**2


def read_plants(
    stage: SceneGeometry, geometry: Geometry, buffers: Buffers, camera: Camera, samples: int
) -> tuple[tuple[Plant, ...], dict[int, int]]:
    """The plants that count; and the number of all plants that stand in each container's slots in the picture."""
    numbers = [number for number, instance in enumerate(stage.instances) if instance.role == "plant"]
    width, height = camera.width_px * samples, camera.height_px * samples
    shares = shares_in_picture(geometry, buffers, numbers, width, height)
    plants = []
    planted: dict[int, int] = {}
    for number in numbers:
        instance = stage.instances[number]
        sx, sy, _ = camera.seen(np.array((instance.place,)))
        inside = 0 <= sx[0] < camera.width_px and 0 <= sy[0] < camera.height_px
        if instance.container_id is not None and inside:
            planted[instance.container_id] = planted.get(instance.container_id, 0) + 1
        if shares[number] < COUNTED_SHARE:
            continue
        own, seen = int(buffers.own[number]), int(buffers.seen[number])
        if own == 0:
            continue
        box = None
        x, y, r = float(sx[0]), float(sy[0]), 0.0
        if seen >= MIN_VISIBLE_PX * samples**2:
            x0, y0, x1, y1 = (float(value) / samples for value in buffers.boxes[number])
            box = (x0, y0, x1, y1)
            x, y, r = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0 + y1 - y0) / 4
        hidden = round(1 - seen / own, 3)
        plants.append(Plant(x, y, r, box, instance.container_id, hidden, instance.species, instance.is_alive))
    return tuple(plants), planted


def read_empties(stage: SceneGeometry, buffers: Buffers, samples: int) -> tuple[EmptyPlace, ...]:
    """The empty pots and cells that are seen."""
    places = []
    for number, instance in enumerate(stage.instances):
        own, seen = int(buffers.own[number]), int(buffers.seen[number])
        if (
            instance.role != "opening"
            or instance.container_id is None
            or seen < EMPTY_VISIBLE_SHARE * own
            or seen < 12
        ):
            continue
        x0, y0, x1, y1 = (float(value) / samples for value in buffers.boxes[number])
        places.append(EmptyPlace((x0, y0, x1, y1), instance.container_id))
    return tuple(places)


def read_containers(
    stage: SceneGeometry, planted: dict[int, int], camera: Camera
) -> tuple[ContainerTruth, ...]:
    """The containers that the picture shows at least a corner of, with their outline cut at its border."""
    found = []
    for container in stage.containers:
        polygon = _outline(container, camera)
        if polygon is None:
            continue
        x, y, _ = camera.seen(container.slots)
        capacity = int(np.sum((x >= 0) & (x < camera.width_px) & (y >= 0) & (y < camera.height_px)))
        empty = max(0, capacity - planted.get(container.id, 0))
        found.append(ContainerTruth(container.id, container.type, polygon, capacity, empty))
    return tuple(found)


def _outline(container: Container, camera: Camera) -> Polygon | None:
    """The hull of the container's points in the picture; None where almost nothing of it is seen."""
    x, y, _ = camera.seen(container.outline)
    hull = cv2.convexHull(np.stack((x, y), axis=1).astype(np.float32))[:, 0]
    frame = np.array(
        ((0, 0), (camera.width_px, 0), (camera.width_px, camera.height_px), (0, camera.height_px)),
        dtype=np.float32,
    )
    area, cut = cv2.intersectConvexConvex(hull, frame)
    if area < 0.0005 * camera.width_px * camera.height_px:
        return None
    return tuple((round(float(px), 1), round(float(py), 1)) for px, py in cut[:, 0])


def read_distractors(stage: SceneGeometry, camera: Camera) -> tuple[DistractorTruth, ...]:
    """The things in the picture, by the box of their projection, whatever hides them."""
    found = []
    for thing in stage.distractors:
        x, y, _ = camera.seen(thing.points)
        x, y = np.clip(x, 0, camera.width_px), np.clip(y, 0, camera.height_px)
        box = (round(float(x.min())), round(float(y.min())), round(float(x.max())), round(float(y.max())))
        if box[2] - box[0] < 2 or box[3] - box[1] < 2:
            continue
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        found.append(DistractorTruth(thing.type, *middle, box))
    return tuple(found)
