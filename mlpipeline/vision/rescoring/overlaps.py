"""How the box of a detection lies among the others: is it a second box of a plant, a leaf of a larger one, or a crowd?

What non-maximum suppression decides by one threshold is learnt here. Source of the idea: Hosang et al., *Learning
non-maximum suppression*, CVPR 2017: whether a box counts depends on the scores and overlaps of those around it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Floats
from mlpipeline.vision.results import Detections
from mlpipeline.vision.runtime.jit import jit

FEATURES: Final = 7
BETTER_IOU: Final = 1  # its column: the highest IoU with a box of a better score
SCORE_FEATURES: Final = (2, 4, 6)  # those that are scores
MIN_HELD_SHARE = 0.5  # of a box: from which it lies in another


def overlaps(detections: Detections, odds: NDArray[np.float64]) -> Floats:
    """(N, 7) how each of N boxes lies among the others; zeros where it meets none.

    The sum of the squares of its IoU with those of a better score, which is what Soft-NMS lowers scores by; the highest
    of these IoU, and the odds of the one that has it. The greatest share of it that lies in a larger box, and the odds
    of that one. Of the smaller boxes that lie in it the logarithm of one more than their number, and the
    highest odds.

    odds: (N,) of each one's being a plant, in any unit.
    """
    order = np.argsort(detections.boxes[:, 0], kind="stable")
    found = np.zeros((len(detections), FEATURES))
    found[order] = _overlaps(
        detections.boxes[order].astype(np.float64), detections.scores[order].astype(np.float64), odds[order]
    )
    return found.astype(np.float32)


@jit
def _overlaps(
    boxes: NDArray[np.float64], scores: NDArray[np.float64], odds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """See `overlaps`; boxes from left to right. Of two equal scores or areas the left one comes first."""
    count = len(boxes)
    found = np.zeros((count, FEATURES))
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    for one in range(count):
        for other in range(one + 1, count):
            if boxes[other, 0] >= boxes[one, 2]:
                break
            height = min(boxes[one, 3], boxes[other, 3]) - max(boxes[one, 1], boxes[other, 1])
            width = min(boxes[one, 2], boxes[other, 2]) - boxes[other, 0]
            if height <= 0 or width <= 0:
                continue
            common = height * width
            better, worse = (one, other) if scores[one] >= scores[other] else (other, one)
            iou = common / (area[one] + area[other] - common)
            found[worse, 0] += iou * iou
            if iou > found[worse, 1]:
                found[worse, 1], found[worse, 2] = iou, odds[better]
            larger, smaller = (one, other) if area[one] >= area[other] else (other, one)
            share = common / area[smaller]
            if share > found[smaller, 3]:
                found[smaller, 3], found[smaller, 4] = share, odds[larger]
            if share >= MIN_HELD_SHARE:
                if found[larger, 5] == 0 or odds[smaller] > found[larger, 6]:
                    found[larger, 6] = odds[smaller]
                found[larger, 5] += 1
    found[:, 5] = np.log1p(found[:, 5])
    return found
