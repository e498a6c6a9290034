"""Detectors that know the truth: they read from a tile where it lies, and answer with the plants that stand there."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Boxes, Image
from mlpipeline.vision.results import Container, Detections

VISIBLE_SHARE = 0.35  # a plant of which less is in the tile goes unseen
FADE = 0.1  # of a score, for each factor of two by which a plant is larger or smaller than in the middle of training


def compass_picture(width: int, height: int) -> Image:
    """A picture that tells its coordinates: red grows with x, green with y, blue is 0 (the padding's is not)."""
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    picture[..., 0] = np.rint(np.arange(width) * 255 / width)
    picture[..., 1] = np.rint(np.arange(height) * 255 / height)[:, None]
    return picture


def read_axis(values: NDArray[np.float64], used: NDArray[np.bool_], length: int) -> tuple[float, float]:
    """Picture px at the tile's first edge, and picture px per tile px, by a straight line through the gradient."""
    places = np.flatnonzero(used)
    slope, offset = np.polyfit(places + 0.5, values[places] * length / 255 + 0.5, 1)
    return float(offset), float(slope)


@dataclass
class TruthDetector:
    """Sees every plant of which enough is in the tile and whose side there is within `visible_px`.

    Boxes are cut at the edge of the tile, as a trained detector's are, and it is surest of plants of trained size.
    """

    width: int
    height: int
    boxes: Boxes
    classes: NDArray[np.int16] | None = None
    trained_plant_px: tuple[float, float] = (16.0, 120.0)
    visible_px: tuple[float, float] = (10.0, 200.0)
    tile_px: int = 512
    max_det: int = 3000
    certainty: NDArray[np.float64] | None = None  # (N,) score of each plant where it is whole; 0.9 without it
    tiles_seen: int = 0
    scales: list[float] = field(default_factory=list)

    def detect(self, tiles: Sequence[Image]) -> list[Detections]:
        return [self._look(tile) for tile in tiles]

    def _look(self, tile: Image) -> Detections:
        assert tile.shape == (self.tile_px, self.tile_px, 3)
        self.tiles_seen += 1
        used = tile[..., 2] == 0
        column = np.where(used, tile[..., 0], 0).sum(axis=0) / np.maximum(used.sum(axis=0), 1)
        row = np.where(used, tile[..., 1], 0).sum(axis=1) / np.maximum(used.sum(axis=1), 1)
        x0, step = read_axis(column, used.any(axis=0), self.width)
        y0, _ = read_axis(row, used.any(axis=1), self.height)
        self.scales.append(1 / step)
        whole = (self.boxes - np.array([x0, y0, x0, y0])) / step
        cut = np.clip(whole, 0, self.tile_px)
        area, seen = ((box[:, 2:] - box[:, :2]).prod(axis=1) for box in (whole, cut))
        side = np.sqrt(area)
        chosen = (seen >= VISIBLE_SHARE * area) & (side >= self.visible_px[0]) & (side <= self.visible_px[1])
        places = np.flatnonzero(chosen)[: self.max_det]
        classes = np.zeros(len(self.boxes), np.int16) if self.classes is None else self.classes
        # Cut plants are less sure, and no two tiles score a plant exactly alike.
        certainty = np.full(len(self.boxes), 0.9) if self.certainty is None else self.certainty
        fade = 1 - FADE * np.abs(np.log2(side[places] / math.sqrt(math.prod(self.trained_plant_px))))
        scores = certainty[places] * np.sqrt(seen[places] / area[places]) * fade
        scores = np.clip(scores - 0.05 * ((x0 + places) % 1), 0, 1)
        return Detections(cut[places], scores, classes[places])


@dataclass
class TruthSegmenter:
    """Answers with the containers it was given."""

    containers: list[Container]

    def segment(self, image: Image) -> list[Container]:
        return self.containers
