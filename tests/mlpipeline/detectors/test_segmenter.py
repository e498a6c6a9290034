"""Containers are named by the classes of the weights, in whatever order and words these have them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mlpipeline.detectors.errors import ModelUnavailable
from mlpipeline.detectors.inference_backend import RawOutput
from mlpipeline.detectors.manifest import read_manifest
from mlpipeline.detectors.yolo import YoloSegmenter
from mlpipeline.vision.rules import Rule

SIDE = 64
CELLS = 8 * 8 + 4 * 4 + 2 * 2  # of a picture of 64 px


class OneContainer:
    """An InferenceBackend that sees one container of a class all over the picture."""

    name = "one container"
    prefers_batches = False

    def __init__(self, index: int, classes: int) -> None:
        scores = torch.full((1, classes, CELLS), -9.0)
        scores[0, index, 0] = 3.0
        self.answer = RawOutput(
            torch.zeros(1, 64, CELLS),
            scores,
            torch.ones(1, 32, CELLS),
            torch.ones(1, 32, SIDE // 4, SIDE // 4),
        )

    def run(self, batch):
        return self.answer


def segmenter(classes, index=0):
    weights = replace(
        read_manifest()["segmentation"], tile_px=SIDE, classes=classes, class_gains=(0.0,) * len(classes)
    )
    return YoloSegmenter(weights, OneContainer(index, len(classes)))


@pytest.mark.parametrize(
    ("classes", "index", "expected"),
    [
        pytest.param(("segment", "box", "plug"), 1, "box", id="our order"),
        pytest.param(("plug", "box", "segment"), 0, "plug", id="another order"),
        pytest.param(("plug", "box", "segment"), 2, "segment", id="another order, the last"),
        pytest.param(("segment", "box", "plug", "seedling_tray"), 3, "plug", id="a tray of seedlings"),
    ],
)
def test_a_container_is_of_the_type_that_the_weights_name(classes, index, expected):
    found = segmenter(classes, index).without({Rule.DESKEW, Rule.MASK_VOTING})
    picture = np.zeros((SIDE, SIDE, 3), dtype=np.uint8)
    assert [container.type for container in found.segment(picture)] == [expected]


def test_weights_that_find_what_is_no_container_are_refused_when_they_are_loaded():
    with pytest.raises(ModelUnavailable, match="wheelbarrow"):
        segmenter(("segment", "box", "wheelbarrow"))
