"""The area of one plant, measured on the detections themselves."""

import math

import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Boxes, check
from mlpipeline.vision.geometry.boxes import areas, box_centers

MIN_BAND_COUNT = 10  # detections from which a band is measured on its own. Source: origin, band calibration
# Perspective changes a plant's side by no more than this against the median.
MIN_SIDE_RATIO, MAX_SIDE_RATIO = 0.4, 2.5


def tukey_filter(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Those of the (N,) values within Q1 − 1.5 IQR … Q3 + 1.5 IQR; N may be 0.

    Source: J. Tukey, Exploratory Data Analysis, 1977 (inner fences); origin, band calibration.
    """
    if not len(values):
        return values
    lower, upper = np.percentile(values, [25, 75])
    reach = 1.5 * (upper - lower)
    return np.asarray(values[(values >= lower - reach) & (values <= upper + reach)])


def mean_box_area_px(boxes: Boxes) -> float:
    """Mean w × h in px² of N ≥ 1 boxes, outliers dropped."""
    check(len(boxes) > 0, "an area is measured on at least one box")
    return float(tukey_filter(areas(boxes)).mean())


def band_box_areas_px(boxes: Boxes, edges_px: NDArray[np.floating]) -> list[float]:
    """The box area in px² of a plant in each band between consecutive rows `edges_px` (B + 1 ascending).

    A band with MIN_BAND_COUNT plants is measured on its own. Others follow the perspective of the whole container, a
    straight line through side against row, because under a camera the size of things on a level ground falls
    linearly towards the horizon. With fewer than MIN_BAND_COUNT plants in all there is one mean.
    Raises InvalidInput for no box.
    """
    rows = box_centers(boxes)[:, 1]
    everywhere = mean_box_area_px(boxes)
    slope, offset = fit_side_by_row(boxes)
    result = []
    for low, high in zip(edges_px[:-1].tolist(), edges_px[1:].tolist(), strict=True):
        here = boxes[(rows >= low) & (rows < high)]
        if len(here) >= MIN_BAND_COUNT:
            result.append(mean_box_area_px(here))
        elif len(boxes) >= MIN_BAND_COUNT:
            side = slope * (low + high) / 2 + offset
            usual = math.sqrt(everywhere)
            result.append(min(max(side, MIN_SIDE_RATIO * usual), MAX_SIDE_RATIO * usual) ** 2)
        else:
            result.append(everywhere)
    return result


def fit_side_by_row(boxes: Boxes) -> tuple[float, float]:
    """Slope and offset of plant side (px) against row (px), by least squares over boxes without size outliers.

    Slope 0 where all plants stand in one row or are fewer than MIN_BAND_COUNT. Raises InvalidInput for no box.
    """
    check(len(boxes) > 0, "a line needs at least one box")
    side = np.sqrt(areas(boxes)).astype(np.float64)
    rows = box_centers(boxes)[:, 1].astype(np.float64)
    kept = tukey_filter(side)
    usual = (side >= kept.min()) & (side <= kept.max())
    side, rows = side[usual], rows[usual]
    spread = rows - rows.mean()
    if len(side) < MIN_BAND_COUNT or float((spread**2).sum()) == 0:
        return 0.0, float(side.mean())
    slope = float((spread * side).sum() / (spread**2).sum())
    return slope, float(side.mean() - slope * rows.mean())
