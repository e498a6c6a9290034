"""Fitting intervals: how large errors are for what makes a count hard, and how far the intervals must reach.

The conformal part is by hand: scikit-learn has none, and it is one quantile.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from mlpipeline.vision.uncertainty.conformal_interval import COVERAGE, IntervalModel
from mlpipeline.vision.uncertainty.error_features import TERMS

FOLDS = 5
ROUNDS = 12  # of reweighting; after eight the weights change by less than a percent
LARGE_ERRORS = 9.0
# Of an error so many times larger than expected, no more teaches: a bed that was overlooked has no term to blame, and
# would make the constant, and with it the interval of every pot, as large as a bed. One in ten may lie outside.
OUTLIERS = 3.0
# Plants a term is expected to be wrong by where pictures hardly show it, and how many pictures that is worth. What no
# picture shows keeps this weight: a reached limit or a size never trained on is no reason for a narrow interval.
EXPECTED = {
    "constant": 0.5,
    "chance": 0.2,
    "whole": 0.02,
    "degraded": 0.05,
    "truncated": 0.1,
    "out_of_scale": 0.1,
    "unbounded": 0.05,
}
EXPECTED_PICTURES = 2.0
# No interval is narrower than that, however many pictures were counted exactly: else one plant missed where none is
# expected to be would widen all intervals, because the factor is a quotient. And of a species that no picture shows,
# suppressed plants and unmatched leaf are the only features.
AT_LEAST = {"constant": 0.5, "chance": 0.1, "suppressed_low_score": 0.2, "unmatched_leaf": 0.03}
MAX_WEIGHT = (
    2.0  # plants a plant of any term is wrong by: a term that few pictures show once had a weight of 25
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One picture with a known number of plants, counted: terms (len(TERMS),), see `difficulty_terms`.

    floor, room: the least and the most plants that its interval may name; see `min_confident_count`, `likely_capacity`.
    is_degraded: it was blurred, darkened or brightened on purpose. is_real: no renderer made it.
    """

    kind: str
    true: int
    total: int
    floor: int
    terms: Floats
    room: float = math.inf
    is_degraded: bool = False
    is_real: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """How intervals did on some pictures: the share that held the truth, and their width as a share of the truth."""

    pictures: int
    held: float
    too_high: float
    too_low: float
    width: float
    median_width: float
    error: float


def fit_intervals(measured: Sequence[Measured]) -> IntervalModel:
    """The model whose intervals hold the truth COVERAGE of the time on pictures like these, real or rendered.

    Degraded pictures teach what degradation costs; the factor, which sets the coverage, comes from the others. Each
    picture is judged by weights fitted without it (FOLDS folds), a real one by weights fitted without its source.
    Raises ValueError for fewer than 2 · FOLDS pictures.

    Source: Vovk 2015, Cross-conformal predictors; the difficulty of Papadopoulos et al. 2008.
    """
    if sum(not one.is_degraded for one in measured) < 2 * FOLDS:
        raise ValueError(f"intervals are fitted on at least {2 * FOLDS} pictures")
    folds = _folds(measured)
    scores = []
    for fold in range(FOLDS):
        model = IntervalModel(
            *fit_errors([one for one, own in zip(measured, folds, strict=True) if own != fold]), factor=1.0
        )
        judged = [
            one for one, own in zip(measured, folds, strict=True) if own == fold and not one.is_degraded
        ]
        scores += [reach_needed(model, one) for one in judged]
    up, down = fit_errors(measured)
    return IntervalModel(up, down, conformal_quantile(scores))


def _folds(measured: Sequence[Measured]) -> list[int]:
    """The fold of each picture: real ones by their source, rendered ones of each kind in turn."""
    sources = sorted({one.kind for one in measured if one.is_real})
    met: Counter[str] = Counter()
    folds = []
    for one in measured:
        folds.append((sources.index(one.kind) if one.is_real else met[one.kind]) % FOLDS)
        met[one.kind] += 1
    return folds


def fit_errors(measured: Sequence[Measured]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """For each term, by how many plants it can make a count too low, and too high: the weights of an IntervalModel.

    Sums of terms that errors seldom exceed: an error above its sum weighs LARGE_ERRORS times as much as one below. An
    error says the less about the sum the larger that is, so each picture weighs by its own sum, anew in each round.
    Source: Newey, Powell 1987, Asymmetric Least Squares Estimation and Testing. Against plain means the intervals on
    made-up errors of known causes were a tenth narrower at the same coverage.
    """
    terms = np.array([one.terms for one in measured])
    missing = np.array([float(one.true - one.total) for one in measured])
    return _weights(terms, np.maximum(missing, 0.0)), _weights(terms, np.maximum(-missing, 0.0))


def _weights(terms: Floats, errors: Floats) -> tuple[float, ...]:
    prior = np.array([EXPECTED.get(name, 0.0) for name in TERMS])
    weights, reach = prior, terms @ prior
    for _round in range(ROUNDS):
        share = np.sqrt(np.where(errors > reach, LARGE_ERRORS, 1.0)) / reach
        believed = np.minimum(errors, OUTLIERS * reach)
        weights = _bounded_fit(terms * share[:, None], believed * share, prior)
        reach = terms @ weights
    return tuple(float(weight) for weight in weights)


def _bounded_fit(terms: Floats, errors: Floats, prior: Floats) -> Floats:
    """Weights from AT_LEAST or 0 to MAX_WEIGHT: least squares, drawn to a prior where terms are hardly seen."""
    typical = np.array(
        [float(column[column > 0].mean()) if (column > 0).any() else 1.0 for column in terms.T]
    )
    pull = (
        math.sqrt(EXPECTED_PICTURES) * typical
    )  # as strong as so many pictures in which the term is typical
    least = np.array([AT_LEAST.get(name, 0.0) for name in TERMS])
    fitted = lsq_linear(
        np.vstack([terms, np.diag(pull)]),
        np.concatenate([errors, pull * prior]),
        bounds=(least, MAX_WEIGHT),
        method="bvls",
    )
    return np.asarray(
        np.clip(fitted.x, least, MAX_WEIGHT), dtype=np.float64
    )  # bounds are met but for rounding


def reach_needed(model: IntervalModel, one: Measured) -> float:
    """The least factor with which a model's interval would hold the truth of a picture; infinite where none does."""
    if not one.floor <= one.true <= one.room:
        return math.inf
    too_low, too_high = model.errors(one.terms)
    expected = too_low if one.true >= one.total else too_high
    missing = abs(one.true - one.total)
    if not missing:
        return 0.0
    return missing / expected if expected else math.inf


def conformal_quantile(scores: Sequence[float], coverage: float = COVERAGE) -> float:
    """The ⌈(n + 1) · coverage⌉-th smallest of n scores: the next one is no larger with at least this probability.

    The largest finite one where that would be infinite; 0 for none. Source: Lei et al. 2018, §2.1.
    """
    ranked = sorted(scores)
    finite = sum(map(math.isfinite, ranked))
    if not finite:
        return 0.0
    place = math.ceil((len(ranked) + 1) * coverage - 1e-9) - 1
    return ranked[min(place, finite - 1)]


def interval_of(model: IntervalModel, one: Measured) -> tuple[int, int]:
    """The interval of a picture: the model's, cut to what the picture can hold."""
    low, high = model.interval(one.total, one.floor, one.terms)
    return low, math.floor(min(high, one.room))


def coverage_of(model: IntervalModel, measured: Sequence[Measured]) -> Coverage:
    """How the intervals of a model do on pictures that it was not fitted on. Raises ValueError for none.

    Widths and errors are shares of the truth; a picture without plants counts as one with 20.
    """
    pairs = [(one, interval_of(model, one)) for one in measured]
    widths = [(high - low) / max(one.true, 20) for one, (low, high) in pairs]
    return Coverage(
        pictures=len(pairs),
        held=fmean(low <= one.true <= high for one, (low, high) in pairs),
        too_high=fmean(one.true < low for one, (low, _high) in pairs),
        too_low=fmean(one.true > high for one, (_low, high) in pairs),
        width=fmean(widths),
        median_width=median(widths),
        error=fmean(abs(one.total - one.true) / max(one.true, 20) for one, _interval in pairs),
    )
