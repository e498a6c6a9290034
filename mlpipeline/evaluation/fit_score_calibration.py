"""Fitting probabilities: how often detections of each score are right."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.uncertainty.score_calibration import Curve, ScoreCalibrator, log_odds

STEPS = 50
MIN_SLOPE = 0.05  # a better score is never worth less
MIN_EXAMPLES = 50  # of a class, right and wrong ones; below it its scores stay as they are
RIDGE = 1e-3  # keeps the curve finite where a score separates right from wrong without a fault

Examples = tuple[NDArray[np.float32], NDArray[np.bool_]]  # scores (N,), and whether each was right


def fit_probabilities(examples: Mapping[str, Examples]) -> ScoreCalibrator:
    """A curve for each class name of which enough detections are known to be right or wrong."""
    return ScoreCalibrator(
        {name: fit_curve(*known) for name, known in examples.items() if len(known[0]) >= MIN_EXAMPLES}
    )


def fit_curve(scores: NDArray[np.float32], is_right: NDArray[np.bool_]) -> Curve:
    """Slope and offset of the logistic curve over log-odds of maximum likelihood.

    Newton's method. Right and wrong are drawn a little towards the middle, so that a class that was never wrong gets
    no certainty from few examples.
    Source: Platt 1999, §2.2 (targets); Lin, Lin, Weng 2007, A note on Platt's probabilistic outputs.
    """
    right = int(is_right.sum())
    wrong = len(is_right) - right
    target = np.where(is_right, (right + 1) / (right + 2), 1 / (wrong + 2))
    design = np.stack([log_odds(scores), np.ones(len(scores))], axis=1)
    curve = np.array([1.0, 0.0])
    for _step in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(design @ curve, -30, 30)))
        gradient = design.T @ (p - target) + RIDGE * (curve - np.array([1.0, 0.0]))
        curvature = (design * (p * (1 - p))[:, None]).T @ design + RIDGE * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        curve = curve - step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < 1e-9:
            break
    return max(float(curve[0]), MIN_SLOPE), float(curve[1])


def expected_error(probabilities: NDArray[np.floating], is_right: NDArray[np.bool_], bins: int = 10) -> float:
    """The mean distance between what is promised and what is true, over bins of as many detections each; 0 for none.

    Source: Naeini et al. 2015, expected calibration error, with the bins of Nixon et al. 2019 (equal mass).
    """
    if not len(probabilities):
        return 0.0
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return float(
        sum(abs(probabilities[part].mean() - is_right[part].mean()) * len(part) for part in parts)
        / len(probabilities)
    )
