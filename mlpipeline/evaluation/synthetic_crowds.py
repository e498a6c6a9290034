"""Crowds: plants that touch, with a detector without fault, to measure what merging alone does to a count.

The detector sees every plant of which at least VISIBLE_SHARE lies in its tile, with the box of the visible part and
small differences between two detections of one plant. So whatever the merged count is off by, the merging has done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlpipeline.vision.arrays import Boxes, Shape, check
from mlpipeline.vision.geometry.boxes import areas
from mlpipeline.vision.imaging.tiles import Tile
from mlpipeline.vision.results import Detections

CROWD_SHAPE: Shape = (3000, 4000)
ROWS, COLUMNS = 34, 45  # 1,530 plants in squares of 88 px
VISIBLE_SHARE = 0.35
PLACE_JITTER = 0.08  # of the spacing: how far a plant stands off its place at most
SIDE_SPREAD = 0.05  # standard deviation of a plant's side, as a share of it
EDGE_SPREAD = (
    0.02  # standard deviation of an edge between two detections of one plant, as a share of its side
)
SCORES = (0.5, 0.95)


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Plants of a picture of `shape`; boxes (N, 4) xyxy px, cut at the picture's edges."""

    shape: Shape
    boxes: Boxes

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def longest_px(self) -> float:
        """The 95th percentile of the longer sides, as the scale search measures it."""
        return float(np.percentile((self.boxes[:, 2:] - self.boxes[:, :2]).max(axis=1), 95))


def plant_crowd(
    ratio: float, seed: int, *, rows: int = ROWS, columns: int = COLUMNS, shape: Shape = CROWD_SHAPE
) -> Crowd:
    """A grid of plants in a picture; their boxes are `ratio` > 0 times as wide as the plants stand apart."""
    check(ratio > 0, f"a plant has a width, got {ratio} times the spacing")
    rng = np.random.default_rng(seed)
    height, width = shape
    spacing = np.array([width / columns, height / rows])
    places = np.stack(np.meshgrid(np.arange(columns) + 0.5, np.arange(rows) + 0.5), axis=-1).reshape(-1, 2)
    middles = (places + rng.uniform(-PLACE_JITTER, PLACE_JITTER, places.shape)) * spacing
    half = ratio * spacing.mean() / 2 * rng.normal(1, SIDE_SPREAD, places.shape)
    boxes = np.concatenate([middles - half, middles + half], axis=1).clip(0, [width, height, width, height])
    return Crowd(shape, boxes.astype(np.float32))


def detect_in_crowd(crowd: Crowd, tiles: Sequence[Tile], seed: int) -> list[tuple[Tile, Detections]]:
    """The detections of the detector without fault in each tile, in picture pixels."""
    rng = np.random.default_rng(seed)
    return [(tile, _detect_in_tile(crowd, tile, rng)) for tile in tiles]


def _detect_in_tile(crowd: Crowd, tile: Tile, rng: np.random.Generator) -> Detections:
    height, width = crowd.shape
    window = np.array(
        [max(tile.x0, 0), max(tile.y0, 0), min(tile.x1, width), min(tile.y1, height)], dtype=np.float32
    )
    cut = np.concatenate(
        [np.maximum(crowd.boxes[:, :2], window[:2]), np.minimum(crowd.boxes[:, 2:], window[2:])], axis=1
    )
    extent = (cut[:, 2:] - cut[:, :2]).clip(0)
    seen = extent.prod(axis=1) >= VISIBLE_SHARE * areas(crowd.boxes)
    boxes, sides = cut[seen], extent[seen]
    boxes = boxes + rng.normal(0, EDGE_SPREAD, boxes.shape) * np.tile(sides, 2)
    boxes = boxes.clip(window[[0, 1, 0, 1]], window[[2, 3, 2, 3]]).astype(np.float32)
    return Detections(
        boxes,
        rng.uniform(*SCORES, len(boxes)).astype(np.float32),
        np.zeros(len(boxes), dtype=np.int16),
    )
