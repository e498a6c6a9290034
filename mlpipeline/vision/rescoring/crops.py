"""Crops: each detection in windows around it, all at one size, cut from the photo's own pixels."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Boxes, Image
from mlpipeline.vision.geometry.boxes import box_centers, longest_sides
from mlpipeline.vision.imaging.pyramid import pyramid_of
from mlpipeline.vision.imaging.tiles import Tile
from mlpipeline.vision.runtime.parallel import parallel_map

MIN_CROP_SIDE_PX = 8  # of the photo: smaller ones hold nothing to enlarge

Crops = NDArray[np.uint8]  # (N, V, P, P, 3) RGB: of each detection V windows


def crop_tiles(boxes: Boxes, context: float) -> list[Tile]:
    """A square window around the middle of each (N, 4) xyxy px box, `context` times as wide as its longer side."""
    sides = np.maximum(np.round(longest_sides(boxes) * context), MIN_CROP_SIDE_PX)
    corners = np.round(box_centers(boxes) - sides[:, None] / 2)
    return [Tile(int(x), int(y), int(side)) for (x, y), side in zip(corners, sides, strict=True)]


def cut_crops(image: Image, boxes: Boxes, crop_px: int, contexts: Sequence[float]) -> Crops:
    """The windows of `crop_tiles`, for each context, out of a (H, W, 3) uint8 RGB picture; grey beyond its border."""
    pyramid, cores = pyramid_of(image), max(cv2.getNumThreads(), 1)
    windows = np.empty((len(boxes), len(contexts), crop_px, crop_px, 3), dtype=np.uint8)
    tiles = [
        (windows[place, view], tile)
        for view, context in enumerate(contexts)
        for place, tile in enumerate(crop_tiles(boxes, context))
    ]

    def cut(first: int) -> None:
        for window, tile in tiles[first::cores]:
            window[:] = pyramid.cut(tile, crop_px)[0]

    # Each core its share at once: a crop takes less than handing it over.
    parallel_map(cut, range(cores), cores)
    return windows
