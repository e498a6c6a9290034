"""Recovery of low scores: a box or tray that is like its confident neighbours counts at a lower score.

A container that is missed takes all its plants out of the count, while a false one only counts where plants are
detected in it. So a low-score outline that is as large as its confident neighbours, and covers the place of none of
them, is kept.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from mlpipeline.vision.arrays import Polygon
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.results import Container

MIN_CONFIDENT_COUNT = 3  # confident boxes or trays from which others are compared with them
MAX_AREA_RATIO = 1.6  # between similar containers; perspective alone is that large within one picture


def recover_similar(
    low_score: Sequence[Container], confident: Sequence[Container], options: CountOptions
) -> list[Container]:
    """Those of the low-score containers that are like the confident ones, in their order.

    Where at least MIN_CONFIDENT_COUNT boxes or trays are confident, a low-score box or tray is recovered if its area
    lies within a factor MAX_AREA_RATIO of their interquartile range, it covers the centre of none of them, and its own
    centre lies in nothing confident: the pots of a bed look like small boxes.
    """
    confident_neighbours = [part for part in confident if part.type != "segment"]
    if len(confident_neighbours) < MIN_CONFIDENT_COUNT:
        return []
    min_score = options.container_thresholds.recovery_share * options.container_confidence
    low, high = np.percentile([_area(part.polygon) for part in confident_neighbours], [25, 75]).tolist()

    def fits(part: Container) -> bool:
        if part.type == "segment" or part.score < min_score:
            return False
        is_similar = low / MAX_AREA_RATIO <= _area(part.polygon) <= high * MAX_AREA_RATIO
        is_free = not any(_covers_center(other, part) for other in confident)
        return (
            is_similar and is_free and not any(_covers_center(part, other) for other in confident_neighbours)
        )

    return [part for part in low_score if fits(part)]


def _area(polygon: Polygon) -> float:
    return float(cv2.contourArea(polygon))


def _covers_center(part: Container, other: Container) -> bool:
    """Whether a container covers the centre of another."""
    x, y = other.polygon.mean(axis=0).tolist()
    return cv2.pointPolygonTest(part.polygon, (x, y), False) >= 0
