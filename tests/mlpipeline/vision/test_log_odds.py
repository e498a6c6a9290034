import numpy as np
import pytest

from mlpipeline.vision.log_odds import log_odds, probabilities_of


def test_a_half_is_nothing_and_nine_in_ten_is_the_logarithm_of_nine():
    assert log_odds(np.array([0.5, 0.9, 0.1])).tolist() == pytest.approx([0, np.log(9), -np.log(9)])


def test_certainty_is_cut_short():
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()
    assert log_odds(np.array([0.0, 1.0]), 0.01).tolist() == pytest.approx([-np.log(99), np.log(99)])


def test_they_lead_back_to_the_probability():
    scores = np.linspace(0.01, 0.99, 50)
    np.testing.assert_allclose(probabilities_of(log_odds(scores)), scores)
