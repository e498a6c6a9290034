"""Pairs: which boxes of one set overlap with which of another, without comparing all with all."""

import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Boxes, Floats
from mlpipeline.vision.geometry.boxes import box_centers, iou_pairs

Indices = NDArray[np.int64]


def overlapping_pairs(first: Boxes, second: Boxes, min_iou: float) -> tuple[Indices, Indices, Floats]:
    """The P pairs of two sets of boxes with an intersection over union of `min_iou` > 0 or more.

    Returns: (P,) indices into the first set, (P,) into the second, and (P,) how far they overlap.
    """
    here, there = _reaching(first, second), _reaching(second, first)
    if not len(here) or not len(there):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32)
    # Middles of such boxes lie within (1 − iou) of the wider one's width, so neighbours in x are all candidates.
    widest = max(float(np.ptp(boxes[:, ::2], axis=1).max()) for boxes in (first[here], second[there]))
    middle, other = box_centers(first[here])[:, 0], box_centers(second[there])[:, 0]
    order = np.argsort(other, kind="stable")
    reach = widest * (1 - min_iou)
    start = np.searchsorted(other[order], middle - reach, side="left")
    end = np.searchsorted(other[order], middle + reach, side="right")
    count = end - start
    offset = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    a, b = np.repeat(here, count), there[order[np.repeat(start, count) + offset]]
    shares = iou_pairs(first[a], second[b])
    same = shares >= min_iou
    return a[same], b[same], shares[same]


def _reaching(boxes: Boxes, others: Boxes) -> Indices:
    """Indices of the boxes that reach into the rectangle around the others: few, where two containers touch."""
    if not len(others):
        return np.zeros(0, dtype=np.int64)
    low, high = others[:, :2].min(axis=0), others[:, 2:].max(axis=0)
    return np.flatnonzero(((boxes[:, :2] < high) & (boxes[:, 2:] > low)).all(axis=1))
