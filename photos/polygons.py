"""Points and polygons of a picture, in its pixels. Pure: numpy alone, no rows."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from photos.plant_metrics import polygon_area

Ring = Sequence[Sequence[float]]  # [[x, y], …] in px


def is_inside(x: float, y: float, rings: Sequence[Ring]) -> bool:
    """Whether a point lies inside rings by the even-odd rule, so that a ring within a ring is a hole.

    Source: W. R. Franklin, PNPOLY, 1970: a ray from the point crosses the outline an odd number of times.
    """
    crossings = 0
    for ring in rings:
        if len(ring) < 3:
            continue
        start, end = _edges(ring)
        spans = (start[:, 1] > y) != (end[:, 1] > y)
        x0, y0 = start[spans].T
        x1, y1 = end[spans].T
        crossings += int(np.count_nonzero(x < (x1 - x0) * (y - y0) / (y1 - y0) + x0))
    return crossings % 2 == 1


def distance_px(x: float, y: float, ring: Ring) -> float:
    """From a point to the outline of a ring with at least one corner, in px."""
    start, end = _edges(ring)
    along = end - start
    to_point = np.array([x, y]) - start
    squared = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip((to_point * along).sum(axis=1) / squared, 0, 1)
    return float(np.hypot(*(to_point - share[:, None] * along).T).min())


def nearest_polygon(x: float, y: float, polygons: Mapping[int, Ring]) -> int | None:
    """The key of the smallest polygon around a point, else of the nearest one; None where there is none."""
    around = [key for key, ring in polygons.items() if is_inside(x, y, [ring])]
    if around:
        return min(around, key=lambda key: polygon_area(polygons[key]))
    known = [key for key, ring in polygons.items() if len(ring)]
    return min(known, key=lambda key: distance_px(x, y, polygons[key]), default=None)


def _edges(ring: Ring) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where each edge of a closed ring starts and ends, both (N, 2)."""
    corners = np.asarray(ring, dtype=np.float64)[:, :2]
    return corners, np.roll(corners, -1, axis=0)
