"""Calibration: errors by hand, and scenes that are held out indeed."""

import json

import pytest

from mlpipeline.training.scenes import KINDS
from mlpipeline.training.seed_ranges import HELD_OUT_SEEDS
from mlpipeline.training.threshold_tuning import CountedScene, best_confidence, mean_errors, render_held_out


@pytest.mark.parametrize(
    ("true", "total", "error"),
    [
        pytest.param(100, 90, -0.1, id="ten missed of a hundred"),
        pytest.param(100, 103, 0.03, id="three too many"),
        pytest.param(0, 2, 0.1, id="two seen where there is none"),
        pytest.param(10, 11, 0.05, id="a small count is not judged harder than one of 20"),
    ],
)
def test_the_error_of_a_scene_is_relative_and_signed(true, total, error):
    assert CountedScene("easy", 0.3, true, total, total).error == pytest.approx(error)


def test_the_threshold_with_the_least_mean_error_is_the_best():
    counted = [
        CountedScene("easy", 0.2, 100, 110, 110),  # +10 %
        CountedScene("dense", 0.2, 100, 96, 96),  # −4 %: mean 7 %
        CountedScene("easy", 0.3, 100, 102, 102),  # +2 %
        CountedScene("dense", 0.3, 100, 92, 92),  # −8 %: mean 5 %
    ]
    assert mean_errors(counted) == pytest.approx({0.2: 0.07, 0.3: 0.05})
    assert best_confidence(counted) == 0.3


def test_scenes_for_calibration_are_held_out_and_rendered_once(tmp_path, monkeypatch):
    monkeypatch.setattr("mlpipeline.training.threshold_tuning.SCENE_PX", (96, 72))
    pictures = render_held_out(tmp_path, 1)
    assert len(pictures) == len(KINDS)
    seeds = {json.loads(path.with_suffix(".json").read_text())["seed"] for path in pictures}
    assert len(seeds) == len(KINDS)
    assert seeds <= set(HELD_OUT_SEEDS)
    before = [path.stat().st_mtime_ns for path in pictures]
    assert [path.stat().st_mtime_ns for path in render_held_out(tmp_path, 1)] == before
