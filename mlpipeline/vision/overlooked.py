"""Overlooked containers: where most plants stand outside of what was found, the outlines are not to be trusted.

Plants outside of all containers are weeds or a neighbour's, and do not count. But a photo of a kind that the weights
have never seen may show them a box here and there while most of its plants stand in nothing: then the rest of the
picture is counted too, and the count says so.
"""

from collections.abc import Sequence

import numpy as np

from .arrays import Image, shape_of
from .boxes import centres, inside
from .looking import first_glance
from .masks import polygon_region
from .protocols import Detector
from .results import EMPTY, ContainerFound
from .shrinking import pyramid_of

SURE = 0.5  # score from which a plant of the glance speaks
LEAST_OUTSIDE = 3
WORK_SIDE_PX = 1024  # longer side at which plants are put into containers: no middle is known more exactly


def are_most_outside(image: Image, containers: Sequence[ContainerFound], detector: Detector) -> bool:
    """Whether one glance at the whole picture surely shows more plants in no container than plants and pots in them.

    Empty pots speak for the outlines around them: beside boxes without plants a few weeds are most of all plants.

    image: (H, W, 3) uint8 RGB. What is too small for such a glance says nothing.
    """
    height, width = shape_of(image)
    picture, tile = pyramid_of(image).cut(first_glance((height, width), detector.tile_px), detector.tile_px)
    seen = detector.detect([picture])[0]
    sure = seen.select(seen.scores >= SURE).scaled(tile.side_px / detector.tile_px).shifted(tile.x0, tile.y0)
    scale = np.float32(min(1.0, WORK_SIDE_PX / max(height, width)))
    small = (max(1, round(height * scale)), max(1, round(width * scale)))
    points = centres(sure.boxes) * scale
    held = np.zeros(len(points), dtype=np.bool_)
    for container in containers:
        region = polygon_region(container.polygon * scale, small)
        held |= inside(points, region.mask, (region.x0, region.y0))
    outside = int(np.count_nonzero(~held & (sure.classes != EMPTY)))
    return outside >= LEAST_OUTSIDE and outside > int(np.count_nonzero(held))
