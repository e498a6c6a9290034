"""What two neighbours cover together is no third plant between them."""

from __future__ import annotations

import pytest
import torch

from mlpipeline.detectors.yolo import crowded_out


def test_a_box_between_two_loses_to_both() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [10, 0, 20, 10], [5, 0, 15, 10]])
    scores = crowded_out(boxes, torch.tensor([0.9, 0.8, 0.4]), sigma=0.5)
    # It overlaps each by IoU 1/3: 0.4 · exp(−2 · (1/9) / 0.5).
    assert scores.tolist() == pytest.approx([0.9, 0.8, 0.4 * 0.641180], abs=1e-5)


def test_boxes_apart_keep_their_scores_and_the_worse_never_lowers_the_better() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9], [50, 50, 60, 60]])
    scores = crowded_out(boxes, torch.tensor([0.9, 0.8, 0.4]))
    assert scores[0] == pytest.approx(0.9)
    assert scores[1] < 0.8
    assert scores[2] == pytest.approx(0.4)
