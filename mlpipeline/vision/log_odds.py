"""Log-odds: the scale on which probabilities are added up."""

import numpy as np
from numpy.typing import NDArray

MIN_SCORE = 1e-4  # the log-odds of 0 and 1 are infinite


def log_odds(scores: NDArray[np.floating], least: float = MIN_SCORE) -> NDArray[np.float64]:
    """ln(s / (1 − s)) of (N,) scores, each cut to `least` … 1 − `least`."""
    cut = np.clip(np.asarray(scores, dtype=np.float64), least, 1 - least)
    return np.asarray(np.log(cut / (1 - cut)))


def probabilities_of(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse: the (N,) probabilities of (N,) log-odds."""
    return np.asarray(1 / (1 + np.exp(-odds)))
