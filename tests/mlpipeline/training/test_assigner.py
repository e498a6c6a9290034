"""Our assignment of labels is Ultralytics' own, found over fewer pairs."""

from __future__ import annotations

import pytest
import torch
from ultralytics.utils.tal import TaskAlignedAssigner

from mlpipeline.training.assigner import PairAssigner, ranks_within

SIDE_PX = 128
CLASSES = 3
SETTINGS = {"topk": 10, "num_classes": CLASSES, "alpha": 0.5, "beta": 6.0, "stride": [8, 16, 32]}


def _anchors() -> torch.Tensor:
    levels = []
    for stride in (8, 16, 32):
        steps = (torch.arange(SIDE_PX // stride) + 0.5) * stride
        rows, columns = torch.meshgrid(steps, steps, indexing="ij")
        levels.append(torch.stack((columns.flatten(), rows.flatten()), dim=1))
    return torch.cat(levels)


@pytest.mark.parametrize("boxes", [1, 9, 80])
def test_a_crowd_is_assigned_as_ultralytics_assigns_it(boxes: int) -> None:
    chance = torch.Generator().manual_seed(boxes)
    points = _anchors()
    middles = torch.rand(2, boxes, 2, generator=chance) * SIDE_PX
    extents = torch.exp(torch.rand(2, boxes, 2, generator=chance) * 2 + 1.5)
    truth = torch.cat((middles - extents / 2, middles + extents / 2), dim=2).clamp(0, SIDE_PX)
    valid = torch.ones(2, boxes, 1)
    valid[1, boxes // 2 :] = 0  # the second picture shows fewer: the rest of its row is padding
    truth = truth * valid
    labels = torch.randint(0, CLASSES, (2, boxes, 1), generator=chance).float()
    reach = torch.rand(2, 2, len(points), 2, generator=chance) * 20
    predicted = torch.cat((points - reach[0], points + reach[1]), dim=2)
    scores = torch.rand(2, len(points), CLASSES, generator=chance)

    theirs = TaskAlignedAssigner(**SETTINGS)(scores, predicted, points, labels, truth, valid)
    ours = PairAssigner(**SETTINGS)(scores, predicted, points, labels, truth, valid)

    # Pairs without any overlap, which weigh nothing, are chosen by chance there and never here.
    weighing = theirs[2].sum(dim=-1) > 0
    assert weighing.any()
    assert torch.equal(ours[2].sum(dim=-1) > 0, weighing)
    torch.testing.assert_close(ours[2], theirs[2])
    torch.testing.assert_close(ours[1][weighing], theirs[1][weighing])
    assert torch.equal(ours[4][weighing], theirs[4][weighing])


def test_a_picture_without_labels_is_all_background() -> None:
    points = _anchors()
    empty = torch.zeros(1, 0, 4)
    answer = PairAssigner(**SETTINGS)(
        torch.rand(1, len(points), CLASSES),
        torch.rand(1, len(points), 4),
        points,
        empty[..., :1],
        empty,
        empty[..., :1],
    )
    assert not answer[3].any()


def test_ranks_count_from_the_largest_value_of_each_group() -> None:
    groups = torch.tensor([4, 1, 4, 1, 4])
    values = torch.tensor([0.2, 0.9, 0.8, 0.1, 0.5])
    assert ranks_within(groups, values).tolist() == [2, 0, 0, 1, 1]
