"""Strays: plants that stand in no container, one step beside boxes or trays that look alike.

Among boxes that were found, several such plants are far more often the content of a box that was overlooked than weeds.
So the ground around them, as large as its neighbours are, is counted as one of them; ground without sure plants is not.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from .arrays import Floats, Image, Mask, Polygon, Shape, shape_of
from .boxes import areas, centres, inside
from .company import ENOUGH_SURE
from .masks import Region, opened, outlines, rasterise
from .merging import united
from .protocols import Detector
from .results import ContainerFound, Detections
from .shrinking import pyramid_of
from .tiling import Tile, plan_tiles

SURE = 0.5  # score from which a plant speaks
LEAST_PLANTS = 3  # that stand together: weeds come alone or in pairs
WORK_SIDE_PX = (
    512  # of the longer side, at which ground is measured: a box is not cut out more exactly than that
)
REACH = 0.75  # sides of a box: how far from its neighbours' outlines an overlooked one's plants stand
TILE_SIDES = (
    4.0  # sides of a box that a tile shows: a box then spans what one plant, or a row of small ones, needs
)
TILE_OVERLAP = 0.15  # of a tile's side
LEAST_GROUND = 0.5  # sides of a box: narrower ground between boxes is the gap between them
ON_CONTAINER = 0.3  # share of a plant's box that lies on containers, from which it leans out of them


def overlooked_boxes(
    image: Image, containers: Sequence[ContainerFound], detector: Detector, iou: float
) -> list[ContainerFound]:
    """Containers for the strays of a picture; none where fewer than ENOUGH_SURE boxes or trays were found.

    Args:
        image: (H, W, 3) uint8 RGB.
        containers: those that the segmenter found.
        detector: finds plants and empties in tiles.
        iou: from which two boxes of different tiles are one plant.
    """
    company = [found for found in containers if found.type != "segment"]
    if len(company) < ENOUGH_SURE:
        return []
    shape = shape_of(image)
    scale = min(1.0, WORK_SIDE_PX / max(shape))
    small = (max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale)))
    side = float(np.median([np.sqrt(_area(found)) for found in company])) * scale
    taken = _covered(containers, small, scale)
    ground = _beside(_covered(company, small, scale), REACH * side) & ~taken
    ground = opened(ground, LEAST_GROUND * side / 2)
    plants = _seen(image, ground, side, scale, detector, iou)
    middles = centres(plants.boxes) * np.float32(scale)
    standing = inside(middles, ground) & (_shares(taken, plants.boxes * np.float32(scale)) < ON_CONTAINER)
    kind = max(("box", "plug"), key=[found.type for found in company].count)
    return _around(middles[standing], ground, side, scale, kind)


def _seen(
    image: Image, ground: Mask, side: float, scale: float, detector: Detector, iou: float
) -> Detections:
    """The sure plants of the tiles that hold the ground, in full-image pixels."""
    if not ground.any():
        return Detections.empty()
    shape, pyramid = shape_of(image), pyramid_of(image)
    small_px = max(round(TILE_SIDES * side), 1)
    planned = plan_tiles(
        Region(0, 0, ground), (ground.shape[0], ground.shape[1]), small_px, TILE_OVERLAP * small_px
    )
    side_px = round(small_px / scale)
    cut = [
        pyramid.cut(Tile(round(tile.x0 / scale), round(tile.y0 / scale), side_px), detector.tile_px)
        for tile in planned
    ]
    answers = detector.detect([picture for picture, _tile in cut])
    placed = [
        (tile, answer.scaled(tile.side_px / detector.tile_px).shifted(tile.x0, tile.y0))
        for (_picture, tile), answer in zip(cut, answers, strict=True)
    ]
    seen = united(placed, shape, detector.tile_px, iou).plants
    return seen.select(seen.scores >= SURE)


def _around(middles: Floats, ground: Mask, side: float, scale: float, kind: str) -> list[ContainerFound]:
    """The ground within half a side of the strays, piece by piece, as containers of the picture."""
    near = np.zeros(ground.shape, dtype=np.uint8)
    for x, y in np.rint(middles).astype(int).tolist():
        half = round(side / 2)
        cv2.rectangle(near, (x - half, y - half), (x + half, y + half), 1, -1)
    pieces = outlines(near.astype(np.bool_) & ground, scale=1 / scale)
    return [
        ContainerFound(kind, piece, 0.0) for piece in pieces if _held(middles / scale, piece) >= LEAST_PLANTS
    ]


def _held(points: Floats, polygon: Polygon) -> int:
    """How many of (N, 2) points lie in a polygon."""
    return sum(cv2.pointPolygonTest(polygon, (x, y), False) >= 0 for x, y in points.tolist())


def _covered(containers: Sequence[ContainerFound], shape: Shape, scale: float) -> Mask:
    mask = np.zeros(shape, dtype=np.bool_)
    for found in containers:
        mask |= rasterise(found.polygon * np.float32(scale), (0, 0, shape[1], shape[0]))
    return mask


def _beside(mask: Mask, reach_px: float) -> Mask:
    """The pixels within a distance of a mask."""
    distance = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(distance <= reach_px, dtype=np.bool_)


def _shares(mask: Mask, boxes: Floats) -> Floats:
    """(N,) shares of boxes, in the frame of a mask, that it covers."""
    sums = cv2.integral(mask.astype(np.uint8))
    limits = np.array([mask.shape[1], mask.shape[0]] * 2)
    x0, y0, x1, y1 = np.clip(np.rint(boxes), 0, limits).astype(int).T
    covered = sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]
    return np.asarray(covered / np.maximum(areas(boxes), 1e-6), dtype=np.float32)


def _area(found: ContainerFound) -> float:
    return float(cv2.contourArea(found.polygon))
