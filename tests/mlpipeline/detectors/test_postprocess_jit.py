"""What becomes of a tile's raw output on a CPU, compared with the same by torch."""

import numpy as np
import pytest
import torch

from mlpipeline.detectors.inference_backend import RawOutput
from mlpipeline.detectors.manifest import Weights
from mlpipeline.detectors.yolo import YoloDetector
from mlpipeline.vision.results import Detections
from tests.mlpipeline.vision.count_options import OF_KIND

SIDE = 128
CELLS = 16 * 16 + 8 * 8 + 4 * 4
TILE = np.zeros((SIDE, SIDE, 3), np.uint8)


class Said:
    """A Forward that gives one answer; on a `gpu` torch settles it."""

    name = "said"

    def __init__(self, answer: RawOutput, gpu: bool) -> None:
        self.answer = answer
        self.prefers_batches = gpu

    def run(self, batch):
        return self.answer


def settled(answer: RawOutput, gpu: bool, most: int = 1500, least: float = 0.05) -> Detections:
    weights = Weights(
        "detection",
        "",
        "",
        "",
        "",
        ("plant", "dead", "empty"),
        SIDE,
        (12, 90),
        0.2,
        (0.0, 0.7, 0.1),
        "",
        "",
        **OF_KIND["detection"],
    )
    detector = YoloDetector(weights, Said(answer, gpu)).with_min_score(least)
    detector.max_det = most
    (found,) = detector.detect([TILE])
    return found


def crowd(seed: int, plants: float) -> RawOutput:
    """Boxes of all sizes around every cell, most of which overlap others; `plants` moves how many are likely."""
    rng = torch.Generator().manual_seed(seed)
    distances = 4 * torch.randn((1, 64, CELLS), generator=rng)
    return RawOutput(distances, 2 * torch.randn((1, 3, CELLS), generator=rng) + plants)


def by_place(found: Detections) -> np.ndarray:
    """(N, 6) boxes, scores and classes in an order that does not depend on the last bit of a score."""
    rows = np.column_stack([found.boxes, found.scores, found.classes])
    return rows[np.lexsort(np.round(found.boxes, 2).T)]


@pytest.mark.parametrize("plants", [-6.0, -3.0, 0.0, 3.0])
@pytest.mark.parametrize("seed", range(3))
def test_machine_code_settles_as_torch_does(seed, plants):
    answer = crowd(seed, plants)
    jit, reference = settled(answer, gpu=False), settled(answer, gpu=True)
    assert len(jit) == len(reference)
    assert by_place(jit) == pytest.approx(by_place(reference), abs=1e-3)


def test_no_more_stay_than_the_limit_and_they_are_the_best():
    answer = crowd(7, 0.0)
    every, few = settled(answer, gpu=False), settled(answer, gpu=False, most=20)
    assert len(few) == 20
    assert np.array_equal(few.boxes, every.boxes[:20])


def test_a_tile_in_which_nothing_is_likely_shows_nothing():
    assert len(settled(RawOutput(torch.zeros(1, 64, CELLS), torch.full((1, 3, CELLS), -9.0)), gpu=False)) == 0


def test_an_answer_in_half_precision_is_settled_too():
    answer = crowd(1, 0.0)
    halved = RawOutput(answer.boxes.bfloat16(), answer.scores.bfloat16())
    assert by_place(settled(halved, gpu=False)) == pytest.approx(
        by_place(settled(halved, gpu=True)), abs=1e-3
    )
