"""Fitting probabilities: how often detections of each score are right."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from mlpipeline.vision.log_odds import log_odds
from mlpipeline.vision.uncertainty.score_calibration import Curve, ScoreCalibrator

MIN_SLOPE = 0.05  # a better score is never worth less
MIN_EXAMPLES = 50  # of a class, right and wrong ones; below it its scores stay as they are
INVERSE_RIDGE = 1e3  # so little regularisation that it only matters where all scores are the same

Examples = tuple[NDArray[np.float32], NDArray[np.bool_]]  # scores (N,), and whether each was right


def fit_probabilities(examples: Mapping[str, Examples]) -> ScoreCalibrator:
    """A curve for each class name of which enough detections are known to be right or wrong."""
    return ScoreCalibrator(
        {name: fit_curve(*known) for name, known in examples.items() if len(known[0]) >= MIN_EXAMPLES}
    )


def fit_curve(scores: NDArray[np.float32], is_right: NDArray[np.bool_]) -> Curve:
    """Slope and offset of the logistic curve over log-odds of maximum likelihood.

    Right and wrong are drawn a little towards the middle, so that a class that was never wrong gets no certainty from
    few examples: each example counts for both, by its target.
    Source: Platt 1999, §2.2 (targets).
    """
    right = int(is_right.sum())
    wrong = len(is_right) - right
    target = np.where(is_right, (right + 1) / (right + 2), 1 / (wrong + 2))
    odds = np.tile(log_odds(scores)[:, None], (2, 1))
    labels, weights = np.repeat([1, 0], len(scores)), np.concatenate([target, 1 - target])
    fitted = LogisticRegression(C=INVERSE_RIDGE, solver="newton-cholesky", tol=1e-8).fit(
        odds, labels, weights
    )
    return max(float(fitted.coef_[0, 0]), MIN_SLOPE), float(fitted.intercept_[0])


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
