"""Boxes: plain geometry on (N, 4) xyxy pixels, right and bottom edge excluded. Nothing here changes its arguments."""

import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Boxes, Floats, Mask, Shape


def areas(boxes: Boxes) -> Floats:
    """(N,) areas in px²."""
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), dtype=np.float32)


def sides(boxes: Boxes) -> Floats:
    """(N,) side in px of the square that has the area of the box: one number for how large a plant is."""
    return np.asarray(np.sqrt(areas(boxes)), dtype=np.float32)


def longest_sides(boxes: Boxes) -> Floats:
    """(N,) the longer of width and height, in px."""
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0), dtype=np.float32)


def box_centers(boxes: Boxes) -> Floats:
    """(N, 2) x, y of the middle of each box."""
    return np.asarray((boxes[:, :2] + boxes[:, 2:]) / 2, dtype=np.float32)


def boxes_at(centers: NDArray[np.float64], extents: NDArray[np.float64]) -> Boxes:
    """(N, 4) boxes from (N, 2) x, y of their middles and (N, 2) widths and heights, in px."""
    half = extents / 2
    return np.concatenate([centers - half, centers + half], axis=1).astype(np.float32).reshape(-1, 4)


def clip(boxes: Boxes, shape: Shape) -> Boxes:
    """Cut boxes at the edges of a picture of `shape`; a box outside it becomes empty, none is removed."""
    height, width = shape
    limits = np.array([width, height, width, height], dtype=np.float32)
    return np.asarray(np.clip(boxes, np.float32(0), limits), dtype=np.float32)


def intersection_areas(first: Boxes, second: Boxes) -> Floats:
    """(N,) areas in px² that first[i] and second[i] share."""
    low = np.maximum(first[:, :2], second[:, :2])
    high = np.minimum(first[:, 2:], second[:, 2:])
    extent = np.clip(high - low, 0, None)
    return np.asarray(extent[:, 0] * extent[:, 1], dtype=np.float32)


def iou_pairs(first: Boxes, second: Boxes) -> Floats:
    """(N,) intersection over union of first[i] with second[i]; two empty boxes have 0."""
    common = intersection_areas(first, second)
    union = areas(first) + areas(second) - common
    shares = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
    return np.asarray(shares, dtype=np.float32)


def ioa_pairs(boxes: Boxes, others: Boxes) -> Floats:
    """(N,) share of boxes[i] that others[i] covers; an empty box has 0."""
    common, own = intersection_areas(boxes, others), areas(boxes)
    return np.asarray(np.divide(common, own, out=np.zeros_like(common), where=own > 0), dtype=np.float32)


def iou(first: Boxes, second: Boxes) -> Floats:
    """(N, M) intersection over union of every box of the first set with every one of the second."""
    rows, columns = np.indices((len(first), len(second))).reshape(2, -1)
    return iou_pairs(first[rows], second[columns]).reshape(len(first), len(second))


def points_in_mask(points: Floats, mask: Mask, origin: tuple[int, int] = (0, 0)) -> Mask:
    """(N,) True where the pixel under a point is True in the mask, whose first pixel lies at `origin` (x, y).

    A point outside the mask is not inside; (N, 2) points are x, y in the frame that `origin` is given in.
    """
    height, width = mask.shape
    cells = np.floor(points - np.asarray(origin, dtype=np.float32)).astype(np.int64)
    within = (cells[:, 0] >= 0) & (cells[:, 0] < width) & (cells[:, 1] >= 0) & (cells[:, 1] < height)
    result = np.zeros(len(points), dtype=np.bool_)
    result[within] = mask[cells[within, 1], cells[within, 0]]
    return result
