"""Points and polygons of a picture, in its pixels. Pure: numpy alone, no rows."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from photos.plant_metrics import polygon_area

Ring = Sequence[Sequence[float]]  # [[x, y], …] in px


class Region:
    """The inside of closed rings by the even-odd rule, so that a ring within a ring is a hole.

    A ring of fewer than three corners has no inside.
    """

    def __init__(self, rings: Sequence[Ring]) -> None:
        corners = [np.asarray(ring, dtype=np.float64)[:, :2] for ring in rings if len(ring) >= 3]
        empty = np.zeros((0, 2))
        self._start = np.concatenate([empty, *corners])
        self._end = np.concatenate([empty, *(np.roll(ring, -1, axis=0) for ring in corners)])

    def contains(self, x: float, y: float) -> bool:
        """Whether a point lies inside.

        Source: W. R. Franklin, PNPOLY, 1970: a ray from the point crosses the outline an odd number of times.
        """
        spans = (self._start[:, 1] > y) != (self._end[:, 1] > y)
        x0, y0 = self._start[spans].T
        x1, y1 = self._end[spans].T
        return int(np.count_nonzero(x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)) % 2 == 1

    def distance_px(self, x: float, y: float) -> float:
        """From a point to the outline; infinite where there is none."""
        along = self._end - self._start
        to_point = np.array([x, y]) - self._start
        squared = np.maximum((along**2).sum(axis=1), 1e-12)
        share = np.clip((to_point * along).sum(axis=1) / squared, 0, 1)
        gaps = to_point - share[:, None] * along
        return float(np.hypot(gaps[:, 0], gaps[:, 1]).min(initial=np.inf))


class Outlines:
    """Polygons that are asked for many points: only those whose bounds are near enough are looked at."""

    def __init__(self, polygons: Mapping[int, Ring]) -> None:
        usable = {key: ring for key, ring in polygons.items() if len(ring) >= 3}
        self._keys = sorted(usable, key=lambda key: polygon_area(usable[key]))  # the smallest first
        self._regions = [Region([usable[key]]) for key in self._keys]
        corners = [np.asarray(usable[key], dtype=np.float64)[:, :2] for key in self._keys]
        bounds = [np.concatenate([ring.min(axis=0), ring.max(axis=0)]) for ring in corners]
        self._bounds: NDArray[np.float64] = np.array(bounds).reshape(-1, 4)

    def at(self, x: float, y: float) -> int | None:
        """The key of the smallest polygon around a point, else of the nearest one; None where there is none."""
        gap_x = np.maximum(self._bounds[:, 0] - x, x - self._bounds[:, 2])
        gap_y = np.maximum(self._bounds[:, 1] - y, y - self._bounds[:, 3])
        at_least = np.hypot(np.maximum(gap_x, 0), np.maximum(gap_y, 0))  # px to each polygon, or more
        for position in np.flatnonzero(at_least == 0):
            if self._regions[position].contains(x, y):
                return self._keys[position]
        nearest, least = None, np.inf
        for position in np.argsort(at_least, kind="stable"):
            if at_least[position] >= least:
                break
            distance = self._regions[position].distance_px(x, y)
            if distance < least:
                nearest, least = self._keys[position], distance
        return nearest
