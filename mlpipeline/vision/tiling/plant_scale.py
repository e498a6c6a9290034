"""Scales: at which size plants are shown to the detector.

A detector counts well where a plant spans what its weights were trained on. Native-size tiles waste most of their
work on large plants and miss tiny ones, so plants are measured first and the picture is resized to suit them.
"""

import math
from dataclasses import dataclass

import numpy as np

from mlpipeline.vision.arrays import Floats, Mask, check
from mlpipeline.vision.results import Detections

# Of the middle of the trained range: within this no finer tiles are needed.
COMFORT_LOW, COMFORT_HIGH = 1 / 1.6, 2.2
MIN_SIZED_COUNT = 8  # plants from which a size is measured well enough to plan with


@dataclass(frozen=True, slots=True)
class PlantSizes:
    """How large plants are, in px: low and high are the 10th and 95th percentile of the sides.

    `longest_px` is the 95th percentile of the longer sides of the boxes: what tiles must overlap by.
    """

    count: int
    low_px: float
    median_px: float
    high_px: float
    longest_px: float

    def __mul__(self, factor: float) -> "PlantSizes":
        """The sizes in a picture resized by `factor`."""
        return PlantSizes(
            self.count,
            self.low_px * factor,
            self.median_px * factor,
            self.high_px * factor,
            self.longest_px * factor,
        )


def measure_sides(side_px: Floats, longest_px: Floats) -> PlantSizes:
    """Sizes from the (N,) sides of N ≥ 1 boxes and their longer sides. Raises InvalidInput for none."""
    check(len(side_px) > 0, "sizes are measured on at least one plant")
    low, median, high = np.percentile(side_px, [10, 50, 95]).tolist()
    return PlantSizes(len(side_px), low, median, high, float(np.percentile(longest_px, 95)))


def target_px(trained: tuple[float, float]) -> float:
    """The middle of the trained range on a logarithmic scale: as far, in factors, from too small as from too large."""
    low, high = trained
    check(0 < low < high, f"a trained range ascends from above 0, got {trained}")
    return math.sqrt(low * high)


def in_trained_range(sizes: PlantSizes, trained: tuple[float, float]) -> bool:
    """Whether plants of these tile pixels are detected well enough to be counted as they are."""
    target = target_px(trained)
    middle = COMFORT_LOW * target <= sizes.median_px <= COMFORT_HIGH * target
    return middle and sizes.low_px >= trained[0] and sizes.high_px <= trained[1]


def best_scale(sizes: PlantSizes, trained: tuple[float, float], max_enlargement: float) -> float:
    """Tile pixels per picture pixel at which plants of these picture sizes are seen best.

    The median plant is brought to the middle of the trained range, then the small and the large ones into it where
    both fit; where they do not, the range's ends are missed by the same factor. Never above `max_enlargement`.
    """
    floor, ceiling = trained[0] / sizes.low_px, trained[1] / sizes.high_px
    if floor > ceiling:
        return min(math.sqrt(floor * ceiling), max_enlargement)
    return min(max(target_px(trained) / sizes.median_px, floor), ceiling, max_enlargement)


@dataclass(frozen=True, slots=True)
class SizeZone:
    """Rows y0…y1 (excluded) of the picture in which plants have about one size."""

    y0: int
    y1: int
    sizes: PlantSizes


def split_by_scale(
    detections: Detections, y0: int, y1: int, sizes_of_all: PlantSizes
) -> tuple[SizeZone, ...]:
    """Split rows y0…y1 where perspective makes plants too different in size for one scale.

    The upper and the lower half of the plants are measured; from a factor of 1.6 between their medians the rows are
    split in the middle between them. Fewer than 2 × MIN_SIZED_COUNT plants say nothing about perspective.
    """
    boxes = detections.boxes
    if len(boxes) < 2 * MIN_SIZED_COUNT:
        return (SizeZone(y0, y1, sizes_of_all),)
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    split = float(np.median(middle))
    halves = [_sizes_where(detections, middle < split), _sizes_where(detections, middle >= split)]
    small, large = sorted(half.median_px if half else sizes_of_all.median_px for half in halves)
    upper, lower = halves
    if upper is None or lower is None or large < 1.6 * small or not y0 < round(split) < y1:
        return (SizeZone(y0, y1, sizes_of_all),)
    return SizeZone(y0, round(split), upper), SizeZone(round(split), y1, lower)


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


def _sizes_where(detections: Detections, chosen: Mask) -> PlantSizes | None:
    return measure_sizes(detections.select(chosen))
