"""Crowding: how near plants stand to each other, measured by their sides."""

import numpy as np

from mlpipeline.vision.arrays import Boxes
from mlpipeline.vision.geometry.boxes import box_centers, sides

SAMPLE_COUNT = 128  # plants whose nearest neighbour is searched: the median of more is the same


def crowding(boxes: Boxes) -> float:
    """Median of a plant's side ÷ the distance to its nearest neighbour: above 1 canopies touch. NaN below two plants.

    boxes: (N, 4) px. Of many plants an even sample is compared with all.
    """
    if len(boxes) < 2:
        return float("nan")
    middles, wide = box_centers(boxes).astype(np.float64), sides(boxes)
    chosen = np.unique(np.linspace(0, len(boxes) - 1, min(len(boxes), SAMPLE_COUNT)).astype(np.int64))
    squares = ((middles[chosen, None] - middles[None]) ** 2).sum(axis=2)
    squares[np.arange(len(chosen)), chosen] = np.inf
    return float(np.median(wide[chosen] / np.maximum(np.sqrt(squares.min(axis=1)), 1.0)))
