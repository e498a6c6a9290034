"""Probability: how often a detection with a given score is right."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Floats, check
from mlpipeline.vision.log_odds import log_odds, probabilities_of
from mlpipeline.vision.results import CLASS_NAMES, Detections

Curve = tuple[float, float]  # slope > 0 and offset of a logistic curve over the log-odds of the score
IDENTITY_CURVE: Curve = (1.0, 0.0)


def apply_platt(scores: NDArray[np.floating], curve: Curve) -> Floats:
    """(N,) probabilities of (N,) scores. IDENTITY_CURVE gives each score back."""
    slope, offset = curve
    return probabilities_of(slope * log_odds(scores) + offset).astype(np.float32)


@dataclass(frozen=True, slots=True)
class ScoreCalibrator:
    """From scores to probabilities, a logistic curve for each class; a class without one keeps its score.

    A network's score ranks its detections; it is not the share of them that is right. Two numbers a class are
    fitted, so that few scenes suffice and a better score never becomes a smaller probability.
    Source: Platt 1999, Probabilistic Outputs for Support Vector Machines; over log-odds as in Kull et al. 2017, Beta
    calibration, with equal shape parameters: a score that is right already stays as it is.
    """

    curves: Mapping[str, Curve] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check(set(self.curves) <= set(CLASS_NAMES), f"curves are for {CLASS_NAMES}, got {tuple(self.curves)}")
        check(all(slope > 0 for slope, _ in self.curves.values()), "a higher score is never less probable")

    def of(self, detections: Detections) -> Floats:
        """(N,) the probability of each detection to be right."""
        probabilities = np.array(detections.scores, dtype=np.float32)
        for index, name in enumerate(CLASS_NAMES):
            if name in self.curves:
                own = detections.classes == index
                probabilities[own] = apply_platt(probabilities[own], self.curves[name])
        return probabilities

    def as_json(self) -> dict[str, list[float]]:
        """Slope and offset by class, as they stand in the file of the weights' calibration."""
        return {name: [slope, offset] for name, (slope, offset) in self.curves.items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "ScoreCalibrator":
        """Raises InvalidInput, ValueError, TypeError for what `as_json` did not write."""
        curves: dict[str, Curve] = {}
        for name, (slope, offset) in values.items():
            curves[name] = (float(slope), float(offset))
        return cls(curves)
