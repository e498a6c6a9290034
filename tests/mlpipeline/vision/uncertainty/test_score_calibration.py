"""From scores to probabilities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.results import Detections
from mlpipeline.vision.uncertainty.score_calibration import ScoreCalibrator, apply_platt


def detections(scores, classes):
    boxes = np.tile([0, 0, 10, 10], (len(scores), 1))
    return Detections(boxes, np.array(scores), np.array(classes))


def test_a_logistic_curve_over_log_odds_by_hand():
    # Score 0.8 has odds of 4. Slope 2: odds of 16, so 16 / 17. Offset ln 2 doubles the odds: 32 / 33.
    assert apply_platt(np.array([0.8]), (2.0, 0.0)) == pytest.approx(16 / 17)
    assert apply_platt(np.array([0.8]), (2.0, np.log(2))) == pytest.approx(32 / 33)


def test_without_a_curve_the_score_is_the_probability():
    seen = detections([0.0, 0.3, 1.0], [0, 1, 2])
    assert ScoreCalibrator().of(seen).tolist() == seen.scores.tolist()


def test_each_class_has_its_own_curve_and_scores_stay_as_they_are():
    seen = detections([0.5, 0.5, 0.5], [0, 1, 2])
    model = ScoreCalibrator({"plant": (1.0, np.log(3)), "empty": (1.0, -np.log(3))})
    assert model.of(seen) == pytest.approx([0.75, 0.5, 0.25])
    assert seen.scores.tolist() == [0.5, 0.5, 0.5]


def test_nothing_detected_has_no_probability():
    assert len(ScoreCalibrator({"plant": (1.0, 0.0)}).of(Detections.empty())) == 0


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=20),
    st.floats(0.05, 20),
    st.floats(-20, 20),
)
def test_a_surer_detection_is_never_less_probable(scores, slope, offset):
    ordered = np.sort(np.array(scores))
    probabilities = apply_platt(ordered, (slope, offset))
    assert (np.diff(probabilities) >= 0).all()
    assert ((probabilities >= 0) & (probabilities <= 1)).all()


@pytest.mark.parametrize("curves", [{"cactus": (1.0, 0.0)}, {"plant": (0.0, 0.0)}, {"plant": (-1.0, 0.0)}])
def test_curves_are_for_known_classes_and_rise(curves):
    with pytest.raises(InvalidInput):
        ScoreCalibrator(curves)


def test_a_model_survives_the_way_through_json():
    model = ScoreCalibrator({"plant": (1.25, -0.5)})
    assert ScoreCalibrator.from_json(model.as_json()) == model
