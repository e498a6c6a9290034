"""What a rule is worth: how the figures of a group of photos change when it is off, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlpipeline.evaluation.ablation import AblatedPhoto, Outcome
from mlpipeline.vision.rules import Rule

RESAMPLES = 10_000
SEED = 20_261_129
CONFIDENCE = 0.95
MAX_ERROR = 1.0  # one close-up of four plants whose leaves are counted would else outweigh all other photos

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figures:
    """How some photos were counted: MAPE with each error cut at MAX_ERROR, F1, plants seen on a photo without any.

    containers: the share with the right outline. NaN where no photo tells.
    """

    mape: float
    f1: float
    seen_on_empty: float
    containers: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What changes when a rule is off: each difference is without the rule − with it.

    mape_low, mape_high: the CONFIDENCE interval of `mape`. changed: photos whose total, points or outlines are others.
    """

    mape: float
    mape_low: float
    mape_high: float
    f1: float
    seen_on_empty: float
    containers: float
    changed: int

    @property
    def pays(self) -> bool:
        """Whether counts are surely worse without the rule."""
        return self.mape_low > 0

    @property
    def harms(self) -> bool:
        """Whether counts are surely better without the rule."""
        return self.mape_high < 0


def figures_of(photos: Sequence[tuple[int, Outcome]]) -> Figures:
    """The figures of photos, each with its true number of plants and an outcome."""
    errors = [_error(true, outcome) for true, outcome in photos if true]
    bare = [outcome.total for true, outcome in photos if not true]
    hits = sum(outcome.true_positives for _, outcome in photos)
    containers = sum(outcome.containers for _, outcome in photos)
    points = sum(
        2 * outcome.true_positives + outcome.false_positives + outcome.false_negatives
        for _, outcome in photos
    )
    return Figures(
        mape=float(np.mean(errors)) if errors else math.nan,
        f1=2 * hits / points if points else math.nan,
        seen_on_empty=float(np.mean(bare)) if bare else math.nan,
        containers=sum(outcome.right_containers for _, outcome in photos) / containers
        if containers
        else math.nan,
    )


def effect_of(rule: Rule, photos: Sequence[AblatedPhoto]) -> Effect:
    """What a rule is worth on the photos of one group.

    The interval is a paired bootstrap: the photos are drawn with replacement, with both counts of each, RESAMPLES
    times from SEED. Source: Efron, Tibshirani 1993, An Introduction to the Bootstrap, §13.3 (percentiles).
    """
    whole = figures_of([(photo.true, photo.whole) for photo in photos])
    without = figures_of([(photo.true, photo.without[rule]) for photo in photos])
    changes = np.array(
        [
            _error(photo.true, photo.without[rule]) - _error(photo.true, photo.whole)
            for photo in photos
            if photo.true
        ]
    )
    low, high = _bootstrap_interval(changes)
    return Effect(
        mape=without.mape - whole.mape,
        mape_low=low,
        mape_high=high,
        f1=without.f1 - whole.f1,
        seen_on_empty=without.seen_on_empty - whole.seen_on_empty,
        containers=without.containers - whole.containers,
        changed=sum(photo.without[rule] != photo.whole for photo in photos),
    )


def _error(true: int, outcome: Outcome) -> float:
    return min(abs(outcome.total - true) / true, MAX_ERROR)


def _bootstrap_interval(changes: Floats) -> tuple[float, float]:
    """Between which means of resamples of (N,) changes CONFIDENCE of them lie; NaN for none."""
    if not len(changes):
        return math.nan, math.nan
    draws = np.random.default_rng(SEED).integers(len(changes), size=(RESAMPLES, len(changes)))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(changes[draws].mean(axis=1), [tail, 1 - tail]).tolist()
    return low, high
