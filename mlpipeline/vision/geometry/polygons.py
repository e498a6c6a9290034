"""Polygons in pixels."""

import numpy as np

from mlpipeline.vision.arrays import Polygon


def polygon_area(polygon: Polygon) -> float:
    """Area in px² of a (K, 2) polygon that does not cross itself (shoelace formula)."""
    x, y = polygon.astype(np.float64).T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)
