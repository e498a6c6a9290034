"""Size trend: how large plants usually appear at each place of a picture, fitted to the plants themselves.

By hand: the counting core imports numpy and OpenCV alone, so no robust regression of scikit-learn.
"""

import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Boxes, Floats, check
from mlpipeline.vision.geometry.boxes import box_centers, sides

MIN_TREND_COUNT = 12  # plants from which a slope across the picture is more than chance
HUBER_DELTA = (
    1.345  # spreads of the residuals beyond which a plant pulls less. Source: Huber 1981, 95 % efficiency
)
MAX_ITERATIONS = 30  # of reweighting; it converges to 1e-3 within ten on real beds


def predict_log_sizes(examples: Boxes, places: Boxes) -> NDArray[np.float64]:
    """(M,) logarithm of the side in px that a plant usually has where each of the M boxes stands.

    Args:
        examples: (N, 4) whole plants, each with an area; fewer than MIN_TREND_COUNT only give their median.
        places: (M, 4) boxes, of which only the middles are used.

    Elsewhere a plane is fitted to the logarithms over the picture, because perspective shrinks plants by about the
    same factor at each step; reweighted (Huber), so that a few giants tilt nothing. It is held within what was
    measured: a plane knows nothing beyond its examples.
    Raises: InvalidInput without examples.
    """
    check(len(examples) > 0, "what is usual is learnt from at least one plant")
    log_side = np.log(sides(examples).astype(np.float64))
    if len(examples) < MIN_TREND_COUNT:
        return np.full(len(places), float(np.median(log_side)))
    points, wanted = box_centers(examples).astype(np.float64), box_centers(places).astype(np.float64)
    middle, reach = points.mean(axis=0), max(float(np.ptp(points, axis=0).max()), 1.0)
    design, query = (np.column_stack([np.ones(len(xy)), (xy - middle) / reach]) for xy in (points, wanted))
    usual = query @ _huber_fit(design, log_side)
    return np.asarray(np.clip(usual, log_side.min(), log_side.max()))


def predict_areas(examples: Boxes, places: Boxes) -> Floats:
    """(M,) area in px² that a plant usually has where each of the M boxes stands; see `predict_log_sizes`."""
    return np.asarray(np.exp(2 * predict_log_sizes(examples, places)), dtype=np.float32)


def _huber_fit(design: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K,) coefficients of a (N, K) design by reweighted least squares; of the least norm where undetermined."""
    weights = np.ones(len(values))
    fitted: NDArray[np.float64] = np.zeros(design.shape[1])
    for _ in range(MAX_ITERATIONS):
        root = np.sqrt(weights)
        before = fitted
        fitted = np.asarray(np.linalg.lstsq(design * root[:, None], values * root, rcond=1e-6)[0])
        residual = np.abs(values - design @ fitted)
        spread = 1.4826 * float(np.median(residual))  # of normal residuals: their standard deviation
        if spread == 0 or np.abs(fitted - before).max() < 1e-6:
            break
        weights = np.minimum(1.0, HUBER_DELTA * spread / np.maximum(residual, 1e-12))
    return fitted
