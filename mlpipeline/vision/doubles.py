"""Doubles: one plant that was seen from two containers.

Each container is looked into at a scale of its own, so a plant on the line between two is measured twice, a little
differently, and its middle may lie on either side. Within a container the merging of tiles has settled this already.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from .arrays import Boxes, Mask, check
from .boxes import centres, iou_pairs
from .results import Detections

Indices = NDArray[np.int64]


def seen_elsewhere(found: Sequence[Detections], least_iou: float) -> list[Mask]:
    """For each container (N,) True for detections that another container has more surely: they count there.

    Args:
        found: what was detected in each container of a photo, in full-image px.
        least_iou: overlap (intersection over union) from which two boxes are one plant.

    The surer sight stays, of equal scores the earlier container's; a sight that itself goes takes none with it.
    """
    check(0 < least_iou <= 1, f"iou lies between 0 and 1, got {least_iou}")
    starts = np.cumsum([0, *(len(seen) for seen in found)])
    scores = np.concatenate([np.zeros(0, np.float32), *(seen.scores for seen in found)])
    pairs = [
        (int(starts[a] + first), int(starts[b] + second))
        for a, b in combinations(range(len(found)), 2)
        for first, second in _overlapping(found[a].boxes, found[b].boxes, least_iou)
    ]
    # Of two with equal scores the first index, which is the earlier container's, comes first.
    ranked = [sorted(pair, key=lambda index: (-scores[index], index)) for pair in pairs]
    gone = np.zeros(len(scores), dtype=np.bool_)
    for better, worse in sorted(ranked, key=lambda pair: (-scores[pair[0]], pair[0])):
        if not gone[better]:
            gone[worse] = True
    return np.split(gone, starts[1:-1]) if found else []


def each_once(found: Sequence[Detections], least_iou: float) -> list[Detections]:
    """What was detected in each container, without what another has more surely; see `seen_elsewhere`."""
    gone = seen_elsewhere(found, least_iou)
    return [seen.select(~mask) if mask.any() else seen for seen, mask in zip(found, gone, strict=True)]


def _overlapping(first: Boxes, second: Boxes, least_iou: float) -> list[tuple[int, int]]:
    """Index pairs of boxes of two sets that overlap by `least_iou` or more."""
    here, there = _reaching(first, second), _reaching(second, first)
    if not len(here) or not len(there):
        return []
    # Middles of such boxes lie within (1 − iou) of the wider one's width, so neighbours in x are all candidates.
    widest = max(float(np.ptp(boxes[:, ::2], axis=1).max()) for boxes in (first[here], second[there]))
    middle, other = centres(first[here])[:, 0], centres(second[there])[:, 0]
    order = np.argsort(other, kind="stable")
    reach = widest * (1 - least_iou)
    start = np.searchsorted(other[order], middle - reach, side="left")
    end = np.searchsorted(other[order], middle + reach, side="right")
    count = end - start
    offset = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    a, b = np.repeat(here, count), there[order[np.repeat(start, count) + offset]]
    same = iou_pairs(first[a], second[b]) >= least_iou
    return list(zip(a[same].tolist(), b[same].tolist(), strict=True))


def _reaching(boxes: Boxes, others: Boxes) -> Indices:
    """Indices of the boxes that reach into the rectangle around the others: few, where two containers touch."""
    if not len(others):
        return np.zeros(0, dtype=np.int64)
    low, high = others[:, :2].min(axis=0), others[:, 2:].max(axis=0)
    return np.flatnonzero(((boxes[:, :2] < high) & (boxes[:, 2:] > low)).all(axis=1))
