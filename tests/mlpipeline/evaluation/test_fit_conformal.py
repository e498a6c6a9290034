"""Fitting: what errors teach, and that intervals hold the truth as often as they promise."""

import math
from dataclasses import replace

import numpy as np
import pytest

from mlpipeline.evaluation.fit_conformal import (
    EXPECTED,
    FOLDS,
    MAX_WEIGHT,
    Measured,
    _folds,
    conformal_quantile,
    coverage_of,
    fit_errors,
    fit_intervals,
    interval_of,
    reach_needed,
)
from mlpipeline.vision.uncertainty.conformal_interval import IntervalModel
from mlpipeline.vision.uncertainty.error_features import TERMS


def terms(**given):
    return np.array([float(given.get(name, 0.0)) for name in TERMS])


def measured(true, total, *, floor=0, room=math.inf, is_degraded=False, is_real=False, **given):
    kind = "photos" if is_real else "easy"
    return Measured(kind, true, total, floor, terms(**given), room, is_degraded, is_real)


def weights(**given):
    return tuple(terms(**given).tolist())


def nursery(count, seed):
    """Counts whose errors are known: crowds hide a tenth of their plants, half of what is estimated is not there."""
    rng = np.random.default_rng(seed)
    pictures = []
    for _ in range(count):
        total = int(rng.integers(0, 900))
        estimated = int(total * rng.choice([0, 0, 0.2]))
        crowded = float(total * rng.choice([0, 0, 1.0]))
        missed = rng.exponential(0.05 * crowded + 0.3 * math.sqrt(total) + 0.3)
        imagined = rng.exponential(0.3 * estimated + 0.3 * math.sqrt(total) + 0.3)
        true = max(round(total + missed - imagined), 0)
        pictures.append(
            measured(
                true,
                total,
                constant=1,
                chance=math.sqrt(total),
                whole=total,
                estimated=estimated,
                crowded=crowded,
            )
        )
    return pictures


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([3.0], 3, id="one is all there is"),
        # ⌈20 · 0.9⌉ = 18th of 19
        pytest.param([float(n) for n in range(1, 20)], 18, id="nineteen"),
        pytest.param([1.0, math.inf], 1, id="what can never be reached does not count"),
    ],
)
def test_the_quantile_by_hand(scores, expected):
    assert conformal_quantile(scores) == expected


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        pytest.param(measured(100, 100, constant=1), 0, id="exact"),
        pytest.param(measured(106, 100, constant=1), 3, id="6 too low where 2 are expected"),
        pytest.param(measured(98, 100, constant=1), 0.5, id="2 too high where 4 are expected"),
        pytest.param(measured(98, 100, floor=99, constant=1), math.inf, id="below what is surely there"),
        pytest.param(measured(106, 100, room=105, constant=1), math.inf, id="more than there is room for"),
        pytest.param(measured(98, 100), math.inf, id="no error was expected"),
    ],
)
def test_how_far_an_interval_would_have_to_reach(picture, expected):
    model = IntervalModel(weights(constant=2), weights(constant=4), factor=1.0)
    assert reach_needed(model, picture) == expected


def test_an_interval_of_the_reach_that_is_needed_holds_the_truth_and_a_shorter_one_does_not():
    picture = measured(106, 100, constant=1)
    needed = reach_needed(IntervalModel(weights(constant=2), weights(constant=4), 1.0), picture)
    ends = [
        IntervalModel(weights(constant=2), weights(constant=4), factor).interval(100, 0, picture.terms)[1]
        for factor in (needed, needed - 0.01)
    ]
    assert ends == [106, 105]


def test_errors_are_put_down_to_what_causes_them():
    up, down = fit_errors(nursery(600, seed=1))
    by_term = {name: (up[i], down[i]) for i, name in enumerate(TERMS)}
    assert by_term["crowded"][0] > 5 * by_term["crowded"][1] > -1e-9
    assert by_term["crowded"][0] > 0.05
    assert by_term["estimated"][1] > 5 * by_term["estimated"][0] > -1e-9
    assert by_term["estimated"][1] > 0.3


def test_what_no_picture_shows_keeps_the_error_that_is_expected_of_it():
    up, down = fit_errors(nursery(100, seed=2))
    for name in ("truncated", "out_of_scale", "degraded"):
        assert up[TERMS.index(name)] == pytest.approx(EXPECTED[name], rel=1e-3)
        assert down[TERMS.index(name)] == pytest.approx(EXPECTED[name], rel=1e-3)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_intervals_hold_the_truth_nine_times_in_ten_on_other_pictures(seed):
    model = fit_intervals(nursery(800, seed=seed))
    result = coverage_of(model, nursery(1600, seed=seed + 100))
    assert 0.87 <= result.held <= 0.93
    assert result.held + result.too_high + result.too_low == pytest.approx(1)


def test_a_difficult_count_gets_a_wider_interval_than_an_easy_one():
    model = fit_intervals(nursery(400, seed=3))
    easy = terms(constant=1, chance=20, whole=400)
    low, high = model.interval(400, 0, easy)
    crowded_low, crowded_high = model.interval(400, 0, easy + terms(crowded=400))
    assert crowded_high - 400 > 2 * (high - 400)
    assert 400 - crowded_low < 1.5 * (400 - low)


def test_degraded_pictures_teach_their_error_and_leave_the_factor_alone():
    clear = nursery(200, seed=4)
    dark = [
        measured(int(one.true * 1.5), one.total, is_degraded=True, degraded=one.total, constant=1)
        for one in nursery(40, seed=5)
    ]
    alone, together = fit_intervals(clear), fit_intervals(clear + dark)
    assert together.up[TERMS.index("degraded")] > 2 * alone.up[TERMS.index("degraded")]
    assert together.factor == pytest.approx(alone.factor, rel=0.25)


def test_too_few_pictures_are_refused():
    with pytest.raises(ValueError, match="at least 10"):
        fit_intervals(nursery(9, seed=6))


def test_the_table_by_hand():
    model = IntervalModel(weights(constant=2), weights(constant=2), factor=1.0)
    pictures = [
        measured(101, 100, constant=1),  # 98…102 holds 101
        measured(110, 100, constant=1),  # too low
        measured(0, 4, constant=1),  # 2…6: too high; as a picture without plants it counts as one with 20
    ]
    result = coverage_of(model, pictures)
    assert (result.pictures, result.held, result.too_high, result.too_low) == (
        3,
        pytest.approx(1 / 3),
        pytest.approx(1 / 3),
        pytest.approx(1 / 3),
    )
    assert result.width == pytest.approx((4 / 101 + 4 / 110 + 4 / 20) / 3)
    assert result.median_width == pytest.approx(4 / 101)
    assert result.error == pytest.approx((1 / 101 + 10 / 110 + 4 / 20) / 3)


def test_an_interval_ends_where_there_is_no_more_room():
    model = IntervalModel(weights(constant=9), weights(constant=9), factor=1.0)
    assert interval_of(model, measured(100, 100, constant=1, room=104)) == (91, 104)


def test_a_term_that_one_wild_picture_shows_does_not_blow_intervals_up():
    wild = measured(5000, 100, is_degraded=True, degraded=10, constant=1)
    up, _ = fit_errors([*nursery(100, seed=7), wild])
    assert up[TERMS.index("degraded")] <= MAX_WEIGHT


def test_each_kind_of_scene_is_in_every_fold():
    """Kinds come in turn, and their number and that of the folds have a divisor in common."""
    pictures = [replace(measured(9, 9), kind=f"kind {place % 10}") for place in range(100)]
    folds = _folds(pictures)
    assert {(one.kind, fold) for one, fold in zip(pictures, folds, strict=True)} == {
        (f"kind {kind}", fold) for kind in range(10) for fold in range(FOLDS)
    }


def test_real_pictures_of_one_source_share_a_fold():
    pictures = [replace(measured(9, 9, is_real=True), kind=source) for source in "abcabcabc"]
    folds = _folds(pictures)
    assert folds == folds[:3] * 3
    assert len(set(folds)) == 3
