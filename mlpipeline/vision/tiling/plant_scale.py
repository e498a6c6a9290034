"""How large plants are: what tiles must overlap by, and whether a scale shows them as the weights know them."""

from dataclasses import dataclass

import numpy as np

from mlpipeline.vision.arrays import Floats, check
from mlpipeline.vision.results import Detections

MIN_SIZED_COUNT = 8  # plants from which a size is measured well enough to plan with


@dataclass(frozen=True, slots=True)
class PlantSizes:
    """How large plants are, in px: `low_px` is the 10th percentile of the sides.

    `longest_px` is the 95th percentile of the longer sides of the boxes: what tiles must overlap by.
    """

    count: int
    low_px: float
    median_px: float
    longest_px: float

    def __mul__(self, factor: float) -> "PlantSizes":
        """The sizes in a picture resized by `factor`."""
        return PlantSizes(
            self.count,
            self.low_px * factor,
            self.median_px * factor,
            self.longest_px * factor,
        )


def measure_sides(side_px: Floats, longest_px: Floats) -> PlantSizes:
    """Sizes from the (N,) sides of N ≥ 1 boxes and their longer sides. Raises InvalidInput for none."""
    check(len(side_px) > 0, "sizes are measured on at least one plant")
    low, median = np.percentile(side_px, [10, 50]).tolist()
    return PlantSizes(len(side_px), low, median, float(np.percentile(longest_px, 95)))


def measure_sizes(detections: Detections) -> PlantSizes | None:
    """Sizes of the plants among detections; None where nothing was detected.

    Fewer than MIN_SIZED_COUNT plants are measured together with the empty pots, which are about as large.
    """
    plants = detections.plants
    boxes = (plants if len(plants) >= MIN_SIZED_COUNT else detections).boxes
    extent = boxes[:, 2:] - boxes[:, :2]
    whole = (extent > 0).all(axis=1)
    if not whole.any():
        return None
    return measure_sides(np.sqrt(extent[whole].prod(axis=1)), extent[whole].max(axis=1))
