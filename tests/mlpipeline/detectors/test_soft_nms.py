"""What two neighbours cover together is no third plant between them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mlpipeline.detectors.soft_nms import overlapping, soft_nms_decay
from mlpipeline.vision.geometry.boxes import intersection_areas

SIGMA = 0.5


def test_a_box_between_two_loses_to_both() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [10, 0, 20, 10], [5, 0, 15, 10]])
    scores = soft_nms_decay(boxes, torch.tensor([0.9, 0.8, 0.4]), SIGMA)
    # It overlaps each by IoU 1/3: 0.4 · exp(−2 · (1/9) / 0.5).
    assert scores.tolist() == pytest.approx([0.9, 0.8, 0.4 * 0.641180], abs=1e-5)


def test_boxes_apart_keep_their_scores_and_the_worse_never_lowers_the_better() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9], [50, 50, 60, 60]])
    scores = soft_nms_decay(boxes, torch.tensor([0.9, 0.8, 0.4]), SIGMA)
    assert scores[0] == pytest.approx(0.9)
    assert scores[1] < 0.8
    assert scores[2] == pytest.approx(0.4)


def test_every_pair_that_shares_an_area_is_found_once_and_no_other() -> None:
    rng = np.random.default_rng(4)
    corners = rng.uniform(0, 200, (300, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(1, 60, (300, 2))], axis=1).astype(np.float32)
    better, worse = overlapping(torch.from_numpy(boxes))
    first, second = np.triu_indices(len(boxes), k=1)
    shared = intersection_areas(boxes[first], boxes[second]) > 0
    expected = set(zip(first[shared].tolist(), second[shared].tolist(), strict=True))
    pairs = list(zip(better.tolist(), worse.tolist(), strict=True))
    assert len(pairs) == len(set(pairs)) > 300
    assert set(pairs) == expected


def test_no_box_at_all_and_boxes_without_an_area_are_crowded_out_by_nothing() -> None:
    assert soft_nms_decay(torch.zeros((0, 4)), torch.zeros(0), SIGMA).tolist() == []
    flat = torch.tensor([[0.0, 0, 10, 10], [5, 5, 5, 9], [5, 5, 5, 9]])
    assert soft_nms_decay(flat, torch.tensor([0.9, 0.8, 0.4]), SIGMA).tolist() == pytest.approx(
        [0.9, 0.8, 0.4]
    )
