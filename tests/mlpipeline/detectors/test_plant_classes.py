"""Plants are named by the classes of the weights, in whatever order these have them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mlpipeline.detectors.errors import ModelUnavailable
from mlpipeline.detectors.inference_backend import RawOutput
from mlpipeline.detectors.manifest import read_manifest
from mlpipeline.detectors.sahi_engine import SahiDetector
from mlpipeline.detectors.yolo import YoloDetector
from mlpipeline.vision.results import DEAD, EMPTY, PLANT

SIDE = 64
CELLS = 8 * 8 + 4 * 4 + 2 * 2  # of a tile of 64 px
TILE = np.zeros((SIDE, SIDE, 3), dtype=np.uint8)


class OnePlant:
    """An InferenceBackend that sees one thing of a class in every tile."""

    name = "one plant"

    def __init__(self, index, classes, prefers_batches):
        scores = torch.full((1, classes, CELLS), -9.0)
        scores[0, index, 0] = 3.0
        self.answer = RawOutput(torch.zeros(1, 64, CELLS), scores)
        self.prefers_batches = prefers_batches

    def run(self, batch):
        return self.answer


def weights(classes):
    shipped = read_manifest()["detection"]
    return replace(shipped, tile_px=SIDE, classes=classes, class_gains=(0.0,) * len(classes))


@pytest.mark.parametrize("prefers_batches", [False, True], ids=["cpu", "gpu"])
@pytest.mark.parametrize(
    ("classes", "index", "expected"),
    [
        pytest.param(("plant", "dead", "empty"), 1, DEAD, id="our order"),
        pytest.param(("empty", "plant", "dead"), 0, EMPTY, id="another order"),
        pytest.param(("empty", "plant", "dead"), 1, PLANT, id="another order, the second"),
    ],
)
def test_a_plant_is_of_the_class_that_the_weights_name(classes, index, expected, prefers_batches):
    detector = YoloDetector(weights(classes), OnePlant(index, len(classes), prefers_batches))
    (found,) = detector.detect([TILE])
    assert found.classes.tolist() == [expected]


def test_the_reference_names_plants_in_the_same_way(monkeypatch):
    seen = SimpleNamespace(
        bbox=SimpleNamespace(to_xyxy=lambda: [1, 1, 9, 9]),
        score=SimpleNamespace(value=0.5),
        category=SimpleNamespace(id=0),
    )
    monkeypatch.setattr(
        "sahi.predict.get_sliced_prediction", lambda *a, **k: SimpleNamespace(object_prediction_list=[seen])
    )
    detector = SahiDetector.__new__(SahiDetector)
    detector.model, detector.class_ids = None, (EMPTY, PLANT, DEAD)
    assert detector.detect_image(TILE, 0.25).classes.tolist() == [EMPTY]


@pytest.mark.parametrize(
    "classes",
    [
        pytest.param(("plant", "dead"), id="a class is missing"),
        pytest.param(("plant", "dead", "empty", "weed"), id="a class that is not counted"),
        pytest.param(("plant", "dead", "pot"), id="another word"),
    ],
)
def test_weights_with_other_classes_are_refused_when_they_are_loaded(classes):
    with pytest.raises(ModelUnavailable, match=classes[-1]):
        YoloDetector(weights(classes), OnePlant(0, len(classes), False))
