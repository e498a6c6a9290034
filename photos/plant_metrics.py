"""Measuring plants by the boxes that were found around them. Pure: numpy alone, no rows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

ELLIPSE: Final = math.pi / 4  # a plant seen from above fills its box as an ellipse does
RASTER_PLANT_PX: Final = 10.0  # plants are painted at this size: finer changes the share by less than 1 %
LONGEST_RASTER_PX: Final = 2048
NEWER_WEIGHS: Final = 0.7  # a photo counts this much of the next newer one: plants grow from month to month


@dataclass(frozen=True)
class Summary:
    """The mean of some values and their standard deviation, newer ones weighing more."""

    mean: float
    spread: float


def mean_plant_area(sides: NDArray[np.float64]) -> float:
    """Mean area in px² of plants with (N, 2) box sides in px, N ≥ 1; sizes out of the ordinary are left out.

    Source: J. Tukey, Exploratory Data Analysis, 1977: values within 1.5 interquartile ranges of the quartiles.
    """
    areas = sides.prod(axis=1) * ELLIPSE
    lower, upper = np.percentile(areas, [25, 75])
    reach = 1.5 * (upper - lower)
    return float(areas[(areas >= lower - reach) & (areas <= upper + reach)].mean())


def visible_share(centres: NDArray[np.float64], sides: NDArray[np.float64]) -> float:
    """Of the plants' own areas, the part that is not under a neighbour: their union divided by their sum.

    Args: (N, 2) centres and box sides in px, N ≥ 1. Returns a share in (0, 1]; 1.0 where no two overlap.
    """
    corner = (centres - sides / 2).min(axis=0)
    extent = float(((centres + sides / 2).max(axis=0) - corner).max())
    scale = min(RASTER_PLANT_PX / float(np.median(sides)), LONGEST_RASTER_PX / extent)
    radii = np.maximum(sides * scale / 2, 0.5)
    middles = (centres - corner) * scale + 1
    painted = np.zeros(np.ceil((middles + radii).max(axis=0)).astype(int)[::-1] + 2, dtype=np.bool_)
    total = 0
    for (x, y), (rx, ry) in zip(middles.tolist(), radii.tolist(), strict=True):
        x0, y0, x1, y1 = int(x - rx), int(y - ry), int(x + rx) + 2, int(y + ry) + 2
        columns = (np.arange(x0, x1) + 0.5 - x) / rx
        rows = (np.arange(y0, y1) + 0.5 - y) / ry
        disc = rows[:, None] ** 2 + columns[None] ** 2 <= 1
        total += int(disc.sum())
        painted[y0:y1, x0:x1] |= disc
    return min(int(painted.sum()) / total, 1.0) if total else 1.0


def cm2_per_px(area_m2: float, width_px: int, height_px: int) -> float:
    """Area of a pixel of a photo that shows a place of `area_m2` and nothing else.

    Source: origin, density estimation: area_m2 × 10 000 / (width × height).
    """
    return area_m2 * 10_000 / (width_px * height_px)


def polygon_area(polygon: Sequence[Sequence[float]]) -> float:
    """Area in px² of a polygon [[x, y], …] by the shoelace formula; 0 for fewer than three corners."""
    if len(polygon) < 3:
        return 0.0
    x, y = np.array(polygon, dtype=np.float64).T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def summary(newest_first: Sequence[float]) -> Summary:
    """Exponentially weighted mean and standard deviation of values, at least one, the newest first."""
    values = np.array(newest_first, dtype=np.float64)
    weights = NEWER_WEIGHS ** np.arange(len(values))
    mean = float(np.average(values, weights=weights))
    return Summary(mean, math.sqrt(float(np.average((values - mean) ** 2, weights=weights))))
