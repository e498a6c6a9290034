"""Crops: each detection with its surroundings, all at one size, cut from the photo's own pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Boxes, Image
from mlpipeline.vision.geometry.boxes import box_centers, longest_sides
from mlpipeline.vision.imaging.pyramid import pyramid_of
from mlpipeline.vision.imaging.tiles import Tile
from mlpipeline.vision.runtime.parallel import parallel_map

MIN_CROP_SIDE_PX = 8  # of the photo: smaller ones hold nothing to enlarge

Crops = NDArray[np.uint8]  # (N, P, P, 3) RGB


def crop_tiles(boxes: Boxes, context: float) -> list[Tile]:
    """A square window around the middle of each (N, 4) xyxy px box, `context` times as wide as its longer side."""
    sides = np.maximum(np.round(longest_sides(boxes) * context), MIN_CROP_SIDE_PX)
    corners = np.round(box_centers(boxes) - sides[:, None] / 2)
    return [Tile(int(x), int(y), int(side)) for (x, y), side in zip(corners, sides, strict=True)]


def cut_crops(image: Image, boxes: Boxes, crop_px: int, context: float) -> Crops:
    """The windows of `crop_tiles` out of a (H, W, 3) uint8 RGB picture; grey where one reaches past it."""
    pyramid, tiles = pyramid_of(image), crop_tiles(boxes, context)
    cut = parallel_map(lambda tile: pyramid.cut(tile, crop_px)[0], tiles, cv2.getNumThreads())
    return np.stack(cut) if cut else np.zeros((0, crop_px, crop_px, 3), dtype=np.uint8)
