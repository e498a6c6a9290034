"""The file beside the weights that says how reliable they are."""

import logging

import pytest

from mlpipeline.calibration_store import read_calibration, write_calibration
from mlpipeline.vision.uncertainty.assessment import WeightsCalibration
from mlpipeline.vision.uncertainty.conformal_interval import FALLBACK_MODEL
from mlpipeline.vision.uncertainty.score_calibration import ScoreCalibrator

SHA = {"segmentation": "a" * 64, "detection": "b" * 64}
RELIABILITY = WeightsCalibration(ScoreCalibrator({"plant": (1.2, 0.4)}), FALLBACK_MODEL)


def test_what_was_measured_is_read_back(tmp_path):
    path = write_calibration(RELIABILITY, SHA, {"on": "2026-11-21"}, tmp_path)
    assert read_calibration(SHA, tmp_path) == RELIABILITY
    assert [found.name for found in tmp_path.glob("reliability*")] == [path.name]


@pytest.mark.parametrize("kind", SHA)
def test_of_other_weights_nothing_is_known(tmp_path, kind):
    write_calibration(RELIABILITY, SHA, {}, tmp_path)
    assert read_calibration({**SHA, kind: "c" * 64}, tmp_path) is None


def test_without_a_file_nothing_is_known(tmp_path, caplog):
    assert read_calibration(SHA, tmp_path) is None
    assert caplog.records == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sha256": null}', '{"sha256": {}, "interval": 1'])
def test_a_broken_file_is_as_good_as_none_and_is_logged(tmp_path, caplog, text):
    (tmp_path / "reliability.json").write_text(text)
    with caplog.at_level(logging.WARNING):
        assert read_calibration(SHA, tmp_path) is None
    assert len(caplog.records) <= 1


def test_a_file_without_its_numbers_is_logged(tmp_path, caplog):
    path = write_calibration(RELIABILITY, SHA, {}, tmp_path)
    path.write_text(path.read_text().replace('"crowded"', '"clouded"'))
    assert read_calibration(SHA, tmp_path) is None
    assert "cannot be read" in caplog.text
