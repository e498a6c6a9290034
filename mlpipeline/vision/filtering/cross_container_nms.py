"""One plant that was detected in two containers counts once.

Each container has tiles of its own, so a plant on the line between two is measured twice, a little differently, and
its middle may lie on either side. Within a container `merge_tiles` has suppressed duplicates already.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from mlpipeline.vision.arrays import Mask, check
from mlpipeline.vision.geometry.box_pairs import overlapping_pairs
from mlpipeline.vision.results import Detections


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
        for first, second, _iou in zip(
            *overlapping_pairs(detected[a].boxes, detected[b].boxes, min_iou), strict=True
        )
    ]
    # Of two with equal scores the first index, which is the earlier container's, comes first.
    ranked = [sorted(pair, key=lambda index: (-scores[index], index)) for pair in pairs]
    gone = np.zeros(len(scores), dtype=np.bool_)
    for better, worse in sorted(ranked, key=lambda pair: (-scores[pair[0]], pair[0])):
        if not gone[better]:
            gone[worse] = True
    return np.split(gone, starts[1:-1]) if detected else []
