"""Company: boxes and trays stand side by side and look alike, so a doubtful one among sure ones is believed sooner.

A container that is overlooked takes all its plants out of the count, while one too many only counts where plants are
detected in it. So a doubtful outline that is as large as its sure neighbours, and takes the place of none of them,
is worth looking into.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from mlpipeline.vision.arrays import Polygon
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.results import Container

ENOUGH_SURE = 3  # containers that make company
ALIKE = 1.6  # factor within which areas are alike; perspective is already that large within one picture


def recover_similar(
    doubtful: Sequence[Container], sure: Sequence[Container], options: CountOptions
) -> list[Container]:
    """Those of the doubtful containers that the sure ones speak for, in their order.

    Where at least ENOUGH_SURE boxes or trays are sure, a doubtful box or tray is believed if its area lies within a
    factor ALIKE of their range of areas, it covers the middle of none of them, and its own middle lies in nothing
    sure: the pots of a bed look like small boxes.
    """
    company = [part for part in sure if part.type != "segment"]
    if len(company) < ENOUGH_SURE:
        return []
    min_score = options.container_thresholds.recovery_share * options.container_confidence
    low, high = np.percentile([_area(part.polygon) for part in company], [25, 75]).tolist()

    def fits(part: Container) -> bool:
        if part.type == "segment" or part.score < min_score:
            return False
        alike = low / ALIKE <= _area(part.polygon) <= high * ALIKE
        is_free = not any(_stands_on(other, part) for other in sure)
        return alike and is_free and not any(_stands_on(part, other) for other in company)

    return [part for part in doubtful if fits(part)]


def _area(polygon: Polygon) -> float:
    return float(cv2.contourArea(polygon))


def _stands_on(part: Container, other: Container) -> bool:
    """Whether a container covers the middle of another."""
    x, y = other.polygon.mean(axis=0).tolist()
    return cv2.pointPolygonTest(part.polygon, (x, y), False) >= 0
