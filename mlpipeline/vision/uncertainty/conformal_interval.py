"""Prediction interval of a count: it holds the truth 90 times in 100. And the reasons why it is wide."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpipeline.vision.arrays import Floats, check
from mlpipeline.vision.results import (
    BLURRY,
    DARK,
    EMPTY,
    GLARE,
    NO_CONTAINER,
    OUT_OF_SCALE,
    TRUNCATED,
    PhotoCount,
)
from mlpipeline.vision.uncertainty.error_features import TERMS, Terms

COVERAGE = 0.9  # of intervals hold the truth

MUCH_ESTIMATED = "much_estimated"
CLOSED_CANOPY = "closed_canopy"
DOUBTFUL_PLANTS = "doubtful_plants"
TINY_PLANTS = "tiny_plants"
UNEXPLAINED_LEAF = "unexplained_leaf"
UNCALIBRATED = "uncalibrated"
FROM_WARNINGS = (TRUNCATED, OUT_OF_SCALE, NO_CONTAINER, BLURRY, DARK, GLARE)
# From this share of the total on, the sum of these terms is a reason that people are told.
REASON_SHARES: Mapping[str, tuple[tuple[str, ...], float]] = {
    MUCH_ESTIMATED: (("estimated",), 0.15),
    CLOSED_CANOPY: (("crowded",), 0.5),
    DOUBTFUL_PLANTS: (("expected_false", "suppressed_low_score"), 0.15),
    TINY_PLANTS: (("tiny",), 0.5),
    UNEXPLAINED_LEAF: (("unmatched_leaf",), 1.0),
}
MIN_NAMED_COUNT = 1.0  # plants; with fewer no reason is named
REASONS = (*FROM_WARNINGS, *REASON_SHARES, UNCALIBRATED)

MIN_CONFIDENT_PROBABILITY = 0.9  # probability from which a plant is part of the floor
CONFIDENT_DEVIATIONS = 3.0  # standard deviations: of confident plants fewer are real once in 700 times


@dataclass(frozen=True, slots=True)
class IntervalModel:
    """How large the error of a count may be, either way, from its difficulty.

    up, down: plants by which a unit of each of TERMS can make a count too low, and too high, ≥ 0. factor: how many
    times the sum of these the interval reaches, so that it holds the truth COVERAGE of the time.

    Source: split conformal prediction with residuals divided by a difficulty, so that coverage holds whatever the
    errors look like as long as the pictures are alike: Papadopoulos et al. 2008, Normalized Nonconformity Measures;
    Lei et al. 2018, Distribution-Free Predictive Inference for Regression, §5.2. Two difficulties, because a crowd
    hides plants and a guess invents them.
    """

    up: tuple[float, ...]
    down: tuple[float, ...]
    factor: float

    def __post_init__(self) -> None:
        check(len(self.up) == len(self.down) == len(TERMS), f"each of the {len(TERMS)} terms has a weight")
        numbers = (*self.up, *self.down, self.factor)
        check(all(math.isfinite(n) and n >= 0 for n in numbers), "weights and factor are not negative")

    def errors(self, terms: Terms) -> tuple[float, float]:
        """By how many plants a count with these (len(TERMS),) terms can be too low, and too high."""
        return float(terms @ np.array(self.up)), float(terms @ np.array(self.down))

    def interval(self, total: int, floor: int, terms: Terms) -> tuple[int, int]:
        """Lowest and highest likely number of plants: whole numbers, floor ≤ low ≤ total ≤ high.

        Args:
            total: the count.
            floor: the plants that are there with confidence, at most `total`.
            terms: (len(TERMS),) of the count, see `difficulty_terms`.
        """
        check(0 <= floor <= total, f"a floor lies between 0 and the total, got {floor} of {total}")
        too_low, too_high = self.errors(terms)
        # Rounded inwards: a whole number lies in the interval of reals exactly when it lies in this one.
        return max(math.ceil(total - self.factor * too_high), floor), math.floor(
            total + self.factor * too_low
        )

    def as_json(self) -> dict[str, Any]:
        """As it stands in the file of the weights' calibration."""
        return {
            "up": dict(zip(TERMS, self.up, strict=True)),
            "down": dict(zip(TERMS, self.down, strict=True)),
            "factor": self.factor,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "IntervalModel":
        """Raises InvalidInput, KeyError, ValueError, TypeError for what `as_json` did not write."""
        for side in ("up", "down"):
            check(set(values[side]) == set(TERMS), f"each of {TERMS} has a weight")
        return cls(
            up=tuple(float(values["up"][name]) for name in TERMS),
            down=tuple(float(values["down"][name]) for name in TERMS),
            factor=float(values["factor"]),
        )


# For weights that nobody has measured. Wide on purpose: a third of what is seen, all of what is guessed.
FALLBACK_MODEL = IntervalModel(
    up=(3.0, 2.0, 0.33, 0.0, 1.0, 1.0, 0.33, 1.0, 0.5, 0.5, 1.0, 0.5, 0.2),
    down=(3.0, 2.0, 0.33, 1.0, 0.0, 1.0, 0.0, 0.2, 0.0, 0.2, 0.0, 0.2, 0.5),
    factor=1.0,
)


def min_confident_count(count: PhotoCount, probabilities: Floats) -> int:
    """How many of the detected plants are there even if luck is bad; at most `count.total`.

    Of plants with probabilities p so many are real as a Poisson binomial variable says: Σ p on average, with the
    variance Σ p (1 − p). `probabilities` (N,) belong to `count.detections`.
    """
    confident = probabilities[
        (count.detections.classes != EMPTY) & (probabilities >= MIN_CONFIDENT_PROBABILITY)
    ].astype(np.float64)
    spread = CONFIDENT_DEVIATIONS * math.sqrt(float((confident * (1 - confident)).sum()))
    return min(max(math.floor(float(confident.sum()) - spread), 0), count.total)


def reasons_for(count: PhotoCount, terms: Terms, *, is_calibrated: bool) -> tuple[str, ...]:
    """Codes of REASONS that say why the interval of a count is wide, in their order; () where it is narrow."""
    by_name = dict(zip(TERMS, terms.tolist(), strict=True))
    codes = set(count.warnings)
    codes |= {
        code
        for code, (terms_of_it, share) in REASON_SHARES.items()
        if sum(by_name[term] for term in terms_of_it) >= max(share * count.total, MIN_NAMED_COUNT)
    }
    if not is_calibrated:
        codes.add(UNCALIBRATED)
    return tuple(code for code in REASONS if code in codes)
