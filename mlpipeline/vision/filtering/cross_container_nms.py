"""One plant that was detected in two containers counts once.

Each container has tiles of its own, so a plant on the line between two is measured twice, a little differently, and
its middle may lie on either side. Within a container `merge_tiles` has suppressed duplicates already.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Boxes, Mask, check
from mlpipeline.vision.geometry.boxes import box_centers, iou_pairs
from mlpipeline.vision.results import Detections

Indices = NDArray[np.int64]


def duplicate_masks(detected: Sequence[Detections], min_iou: float) -> list[Mask]:
    """For each container (N,) True for detections that another container has with a higher score: they count there.

    Args:
        detected: what was detected in each container of a photo, in full-image px.
        min_iou: overlap (intersection over union) from which two boxes are one plant.

    The higher score stays, of equal scores the earlier container's; a detection that itself goes takes none with it.
    """
    check(0 < min_iou <= 1, f"iou lies between 0 and 1, got {min_iou}")
    starts = np.cumsum([0, *(len(seen) for seen in detected)])
    scores = np.concatenate([np.zeros(0, np.float32), *(seen.scores for seen in detected)])
    pairs = [
        (int(starts[a] + first), int(starts[b] + second))
        for a, b in combinations(range(len(detected)), 2)
        for first, second in _overlapping(detected[a].boxes, detected[b].boxes, min_iou)
    ]
    # Of two with equal scores the first index, which is the earlier container's, comes first.
    ranked = [sorted(pair, key=lambda index: (-scores[index], index)) for pair in pairs]
    gone = np.zeros(len(scores), dtype=np.bool_)
    for better, worse in sorted(ranked, key=lambda pair: (-scores[pair[0]], pair[0])):
        if not gone[better]:
            gone[worse] = True
    return np.split(gone, starts[1:-1]) if detected else []


def _overlapping(first: Boxes, second: Boxes, min_iou: float) -> list[tuple[int, int]]:
    """Index pairs of boxes of two sets that overlap by `min_iou` or more."""
    here, there = _reaching(first, second), _reaching(second, first)
    if not len(here) or not len(there):
        return []
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
    same = iou_pairs(first[a], second[b]) >= min_iou
    return list(zip(a[same].tolist(), b[same].tolist(), strict=True))


def _reaching(boxes: Boxes, others: Boxes) -> Indices:
    """Indices of the boxes that reach into the rectangle around the others: few, where two containers touch."""
    if not len(others):
        return np.zeros(0, dtype=np.int64)
    low, high = others[:, :2].min(axis=0), others[:, 2:].max(axis=0)
    return np.flatnonzero(((boxes[:, :2] < high) & (boxes[:, 2:] > low)).all(axis=1))
