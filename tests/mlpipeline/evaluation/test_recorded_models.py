"""A detector that remembers, in memory and on disk."""

import numpy as np

from mlpipeline.evaluation.recorded_models import RecordedDetector
from mlpipeline.vision.results import Detections
from tests.mlpipeline.vision.fake_detectors import TruthDetector


class Counting(TruthDetector):
    """Sees as many plants in a tile as its first pixel says."""

    def detect(self, tiles):
        self.tiles_seen += len(tiles)
        return [self._answer(int(tile[0, 0, 0])) for tile in tiles]

    def _answer(self, number):
        low = np.arange(number, dtype=np.float32)[:, None] * 20 + np.zeros((1, 4), np.float32)
        boxes = low + np.array([0, 0, 10, 10], np.float32)
        return Detections(boxes, np.linspace(0.3, 0.9, number), np.arange(number) % 3)


def tiles(*shades):
    return [np.full((512, 512, 3), shade, np.uint8) for shade in shades]


def detector():
    return Counting(512, 512, np.zeros((0, 4), np.float32))


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        assert np.array_equal(a.boxes, b.boxes)
        assert np.array_equal(a.scores, b.scores)
        assert np.array_equal(a.classes, b.classes)


def test_a_tile_is_run_once():
    inner = detector()
    recorded = RecordedDetector(inner)
    assert_same(recorded.detect(tiles(3, 0, 3)), inner.detect(tiles(3, 0, 3)))
    inner.tiles_seen = 0
    assert_same(recorded.detect(tiles(0, 5, 3)), detector().detect(tiles(0, 5, 3)))
    assert (inner.tiles_seen, recorded.tiles_run) == (1, 3)


def test_answers_outlive_the_process(tmp_path):
    file = tmp_path / "photos" / "a.npz"
    first = RecordedDetector(detector(), file)
    said = first.detect(tiles(4, 0, 7))
    first.save()
    inner = detector()
    second = RecordedDetector(inner, file)
    assert_same(second.detect(tiles(4, 0, 7)), said)
    second.save()
    assert (inner.tiles_seen, second.tiles_run) == (0, 0)
    assert [path.name for path in file.parent.iterdir()] == ["a.npz"]


def test_it_is_asked_as_the_detector_behind_it():
    inner = detector()
    recorded = RecordedDetector(inner)
    assert (recorded.tile_px, recorded.max_det, recorded.trained_plant_px) == (512, 3000, (16.0, 120.0))
