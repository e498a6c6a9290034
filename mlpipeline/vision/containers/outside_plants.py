"""Plants outside of all containers: where there are many, the outlines are not to be trusted.

Plants outside of all containers are weeds or a neighbour's, and do not count. But a photo of a kind that the weights
have never seen may show them a box here and there, or the half of a bed: then the rest of the picture is counted too,
and the count says so.
"""

from collections.abc import Sequence

import numpy as np

from mlpipeline.vision.arrays import Shape
from mlpipeline.vision.geometry.boxes import box_centers, points_in_mask
from mlpipeline.vision.geometry.masks import polygon_region
from mlpipeline.vision.results import EMPTY, Container, Detections

MIN_OUTSIDE_COUNT = 3
# Of plants outside to plants and pots in containers. On 40 rendered photos weeds come to .06 at most, on real photos
# whose beds were cut off there were .2 or more.
MIN_OUTSIDE_SHARE = 0.125
WORK_SIDE_PX = 1024  # longer side at which plants are put into containers: no middle is known more exactly


def many_plants_outside(
    detected: Detections, containers: Sequence[Container], shape: Shape, min_score: float
) -> bool:
    """Whether more plants stand in no container, beside those in containers, than weeds do.

    Empty pots speak for the outlines around them: beside boxes without plants a few weeds are most of all plants.

    detected: on a picture of `shape`, in full-image px, or on a sample of it. min_score: 0–1, of the plants and
    empty pots that are counted.
    """
    confident = detected.select(detected.scores >= min_score)
    height, width = shape
    scale = np.float32(min(1.0, WORK_SIDE_PX / max(height, width)))
    small = (max(1, round(height * scale)), max(1, round(width * scale)))
    points = box_centers(confident.boxes) * scale
    held = np.zeros(len(points), dtype=np.bool_)
    for container in containers:
        region = polygon_region(container.polygon * scale, small)
        held |= points_in_mask(points, region.mask, (region.x0, region.y0))
    outside = int(np.count_nonzero(~held & (confident.classes != EMPTY)))
    return outside >= MIN_OUTSIDE_COUNT and outside > MIN_OUTSIDE_SHARE * int(np.count_nonzero(held))
