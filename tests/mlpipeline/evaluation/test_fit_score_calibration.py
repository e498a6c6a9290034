"""Fitting probabilities from detections that are known to be right or wrong."""

import numpy as np
import pytest

from mlpipeline.evaluation.fit_score_calibration import expected_error, fit_curve, fit_probabilities
from mlpipeline.vision.uncertainty.score_calibration import apply_platt


def detections(count, curve, seed=1):
    """Scores, and whether each detection is right, as a detector with this curve would be."""
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0.05, 0.98, count).astype(np.float32)
    return scores, rng.random(count) < apply_platt(scores, curve)


@pytest.mark.parametrize("curve", [(1.0, 0.0), (2.0, 1.0), (0.5, -1.0)])
def test_the_curve_of_a_detector_is_found_again(curve):
    assert fit_curve(*detections(20_000, curve)) == pytest.approx(curve, abs=0.15)


def test_a_detector_that_is_too_modest_is_mended():
    scores, is_right = detections(5_000, (1.5, 2.0))
    other_scores, other_right = detections(5_000, (1.5, 2.0), seed=2)
    fitted = apply_platt(other_scores, fit_curve(scores, is_right))
    assert expected_error(fitted, other_right) < 0.03 < expected_error(other_scores, other_right)


@pytest.mark.parametrize("truth", [True, False])
def test_a_class_that_was_never_wrong_or_never_right_is_still_not_certain(truth):
    scores = np.linspace(0.3, 0.9, 60, dtype=np.float32)
    p = apply_platt(scores, fit_curve(scores, np.full(60, truth)))
    assert ((p > 0) & (p < 1)).all()
    assert (p > 0.9).all() if truth else (p < 0.1).all()


def test_scores_that_tell_right_from_wrong_without_a_fault_give_a_finite_curve():
    scores = np.array([0.1] * 50 + [0.9] * 50, dtype=np.float32)
    slope, offset = fit_curve(scores, scores > 0.5)
    assert np.isfinite([slope, offset]).all()


def test_scores_that_run_the_wrong_way_give_no_falling_curve():
    scores = np.linspace(0.1, 0.9, 200, dtype=np.float32)
    slope, _offset = fit_curve(scores, scores < 0.5)
    assert slope > 0


def test_a_class_of_few_examples_keeps_its_scores():
    model = fit_probabilities({"plant": detections(50, (1.0, 0.0)), "dead": detections(49, (1.0, 0.0))})
    assert set(model.curves) == {"plant"}


def test_the_error_of_probabilities_by_hand():
    # Two bins of two: 0.2 promised and 0.5 true, 0.8 promised and 1 true; (0.3 + 0.2) / 2.
    p, is_right = np.array([0.2, 0.8, 0.2, 0.8]), np.array([True, True, False, True])
    assert expected_error(p, is_right, bins=2) == pytest.approx(0.25)
    assert expected_error(np.zeros(0), np.zeros(0, np.bool_)) == 0
