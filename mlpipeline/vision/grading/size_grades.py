"""Sizes: which plants of a photo are small, medium, large or very large, after perspective is taken out.

Source: DemeterAI origin, z-score of the area over the photo: below −2 S, −2…1 M, 1…2 L, above 2 XL. There over plain
areas, which called all near plants large; here each plant is measured against what the plants around it span.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Boxes, Shape
from mlpipeline.vision.filtering.border_plants import whole_boxes
from mlpipeline.vision.geometry.boxes import sides
from mlpipeline.vision.geometry.size_trend import MIN_TREND_COUNT, predict_log_sizes

SIZES = ("S", "M", "L", "XL")
MEDIUM = SIZES.index("M")  # of a plant whose size is unknown
Z_LIMITS = (-2.0, 1.0, 2.0)  # S | M | L | XL
NO_SPREAD = 1e-4  # standard deviation of log areas below which all plants are of one size

Classes = NDArray[np.int64]


def grade_sizes(groups: Sequence[Boxes], shape: Shape) -> list[Classes]:
    """The size of every plant of a photo, as indices into SIZES: one (N,) array for each group.

    Args:
        groups: the (N, 4) boxes of the plants of each container, in full-image px.
        shape: (H, W) of the photo.

    In each container the side that is usual at a place is fitted; what plants differ from it by is compared over the
    whole photo. Containers with fewer than MIN_TREND_COUNT plants are measured together. A plant that the
    picture's border cuts shows no size: it is M, as are all plants of a photo whose plants do not differ.
    """
    whole = [whole_boxes(boxes, shape) for boxes in groups]
    measured = [boxes[mask] for boxes, mask in zip(groups, whole, strict=True)]
    z = z_scores(_differences(measured))
    classes = np.select([z < Z_LIMITS[0], z <= Z_LIMITS[1], z <= Z_LIMITS[2]], [0, 1, 2], default=3)
    result, start = [], 0
    for boxes, mask in zip(groups, whole, strict=True):
        of_group = np.full(len(boxes), MEDIUM, dtype=np.int64)
        end = start + int(mask.sum())
        of_group[mask] = classes[start:end]
        result.append(of_group)
        start = end
    return result


def size_counts(groups: Sequence[Boxes], shape: Shape) -> dict[str, int]:
    """How many plants of a photo are of each of SIZES; see `grade_sizes`."""
    of_all = np.concatenate([np.zeros(0, dtype=np.int64), *grade_sizes(groups, shape)])
    return dict(zip(SIZES, np.bincount(of_all, minlength=len(SIZES)).tolist(), strict=True))


def z_scores(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) distances from the mean in standard deviations; all 0 where the values do not differ."""
    if not len(values) or (spread := float(values.std())) < NO_SPREAD:
        return np.zeros(len(values))
    return np.asarray((values - values.mean()) / spread)


def _differences(measured: Sequence[Boxes]) -> NDArray[np.float64]:
    """By how much the logarithm of each plant's area exceeds the usual one at its place, group after group."""
    ends = np.cumsum([0, *(len(boxes) for boxes in measured)])
    differences = np.zeros(int(ends[-1]))
    few = [place for place, boxes in enumerate(measured) if 0 < len(boxes) < MIN_TREND_COUNT]
    many = [[place] for place, boxes in enumerate(measured) if len(boxes) >= MIN_TREND_COUNT]
    for places in [*many, few] if few else many:
        rows = np.concatenate([np.arange(ends[place], ends[place + 1]) for place in places])
        boxes = np.concatenate([measured[place] for place in places])
        differences[rows] = 2 * (np.log(sides(boxes).astype(np.float64)) - predict_log_sizes(boxes, boxes))
    return differences
