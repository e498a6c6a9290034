"""What becomes of a network's raw output: scores, classes and boxes."""

import numpy as np
import pytest
import torch

from mlpipeline.detectors.inference_backend import RawOutput
from mlpipeline.detectors.network import Network
from mlpipeline.vision.results import DEAD, PLANT

CELLS = 8 * 8 + 4 * 4 + 2 * 2  # of a picture of 64 px


class OneCell:
    """An InferenceBackend whose first cell has these logits of plant, dead and empty; all others see nothing."""

    name = "one cell"
    prefers_batches = False

    def __init__(self, *logits: float) -> None:
        scores = torch.full((1, 3, CELLS), -9.0)
        scores[0, :, 0] = torch.tensor(logits)
        self.answer = RawOutput(torch.zeros(1, 64, CELLS), scores)

    def run(self, batch):
        return self.answer


def found(logits, gain):
    picture = np.zeros((64, 64, 3), dtype=np.uint8)
    (candidates,) = Network(OneCell(*logits), (0.0, gain, 0.0)).run([picture], 0.1).candidates
    return candidates.classes.tolist(), candidates.scores.tolist()


@pytest.mark.parametrize(
    ("logits", "gain", "expected"),
    [
        pytest.param((1.0, 0.2, -3.0), 0.0, PLANT, id="the likelier class"),
        pytest.param((1.0, 0.2, -3.0), 1.0, DEAD, id="a gain names the rare class"),
        pytest.param((1.0, -0.5, -3.0), 1.0, PLANT, id="but not where it is far behind"),
    ],
)
def test_a_gain_settles_the_class_and_leaves_the_score(logits, gain, expected):
    classes, scores = found(logits, gain)
    assert classes == [expected]
    assert scores == pytest.approx([1 / (1 + np.exp(-1.0))], abs=1e-6)


def test_a_gain_brings_nothing_above_the_least_score():
    assert found((-4.0, -4.0, -4.0), 9.0) == ([], [])
