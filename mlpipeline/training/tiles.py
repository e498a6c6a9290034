"""Tiles: what the detector is shown of a rendered scene, and what it should answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.imaging.tiles import PAD_VALUE
from mlpipeline.vision.results import DEAD, EMPTY, PLANT

if TYPE_CHECKING:
    from mlpipeline.training.scenes.scene import Scene

HIDDEN_SHARE = 0.75  # a plant hidden by more than this is for the estimator to find, not for the detector
SEEN_SHARE = 0.35  # a box of which a tile shows less is not labelled: its plant belongs to the next tile
MIN_SIDE_PX = 5.0
MAX_LABELS = 420  # the loss needs time and memory for labels × places: 1,300 plants would need gigabytes


@dataclass(frozen=True, slots=True)
class Labelled:
    """(N, 4) xyxy px boxes and (N,) classes of what a picture shows."""

    boxes: NDArray[np.float32]
    classes: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.boxes)


@dataclass(frozen=True, slots=True)
class Tile:
    """A (tile_px, tile_px, 3) uint8 RGB picture and its labels in its pixels."""

    image: NDArray[np.uint8]
    labels: Labelled


def scene_labels(scene: Scene) -> Labelled:
    """The boxes a detector should find in a scene: plants, dead plants, empty pots and cells."""
    rows: list[tuple[tuple[float, float, float, float], int]] = [
        (plant.box, PLANT if plant.alive else DEAD)
        for plant in scene.plants
        if plant.box is not None and plant.occluded_fraction <= HIDDEN_SHARE
    ]
    rows += [(place.box, EMPTY) for place in scene.empties]
    boxes = np.array([box for box, _ in rows], dtype=np.float32).reshape(-1, 4)
    return Labelled(boxes, np.array([label for _, label in rows], dtype=np.int16))


def window_labels(labels: Labelled, x0: float, y0: float, scale: float, tile_px: int) -> Labelled:
    """The labels seen by a tile that shows the picture from x0, y0 (px) at `scale` tile pixels a picture pixel."""
    origin = np.array([x0, y0, x0, y0], dtype=np.float32)
    boxes = (labels.boxes - origin) * np.float32(scale)
    cut = boxes.clip(0, tile_px)
    extent = boxes[:, 2:] - boxes[:, :2]
    seen = cut[:, 2:] - cut[:, :2]
    share = seen.prod(axis=1) / np.maximum(extent.prod(axis=1), 1e-6)
    kept = (share >= SEEN_SHARE) & (seen.min(axis=1, initial=np.inf) >= MIN_SIDE_PX)
    return Labelled(cut[kept], labels.classes[kept])


def cut_tile(
    image: NDArray[np.uint8], labels: Labelled, x0: int, y0: int, scale: float, tile_px: int
) -> Tile:
    """The tile that shows a picture from x0, y0 (px) at a scale; grey where the picture ends."""
    side = int(np.ceil(tile_px / scale))
    part = image[y0 : y0 + side, x0 : x0 + side]
    height, width = (max(1, min(tile_px, round(length * scale))) for length in part.shape[:2])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = np.full((tile_px, tile_px, 3), PAD_VALUE, dtype=np.uint8)
    canvas[:height, :width] = cv2.resize(part, (width, height), interpolation=method)
    return Tile(canvas, window_labels(labels, x0, y0, scale, tile_px))


def draw_tiles(
    image: NDArray[np.uint8],
    labels: Labelled,
    rng: np.random.Generator,
    *,
    count: int,
    tile_px: int,
    plant_px: tuple[float, float],
) -> list[Tile]:
    """Up to `count` tiles at random places and scales, the last of them the whole picture, as the first probe shows it.

    The scale brings the median plant to a size drawn evenly on a logarithmic scale from `plant_px`, within a factor
    of 0.45 to 1.7 of the picture's own pixels: beyond, a tile would be blurred, or show nothing new. Close-ups, whose
    plants are larger than that, are shown as near as they were rendered. Tiles with more
    than MAX_LABELS are left out.
    """
    height, width = image.shape[:2]
    whole = tile_px / max(height, width)
    sides = np.sqrt((labels.boxes[:, 2:] - labels.boxes[:, :2]).prod(axis=1))
    median_px = float(np.median(sides)) if len(sides) else 60.0
    if median_px > plant_px[1]:
        plant_px = plant_px[1] / 2, median_px * 1.2
    tiles = []
    for _ in range(count - 1):
        wanted_px = float(np.exp(rng.uniform(*np.log(plant_px))))
        scale = float(np.clip(wanted_px / median_px, max(whole, 0.45), 1.7))
        side = int(np.ceil(tile_px / scale))
        x0 = int(rng.integers(0, max(width - side, 0) + 1))
        y0 = int(rng.integers(0, max(height - side, 0) + 1))
        tiles.append(cut_tile(image, labels, x0, y0, scale, tile_px))
    if median_px * whole >= plant_px[0] * 0.7 or not len(labels):
        tiles.append(cut_tile(image, labels, 0, 0, whole, tile_px))
    return [tile for tile in tiles if len(tile.labels) <= MAX_LABELS]
