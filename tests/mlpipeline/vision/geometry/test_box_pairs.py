import numpy as np
import pytest

from mlpipeline.vision.geometry.box_pairs import overlapping_pairs
from mlpipeline.vision.geometry.boxes import iou


def some(count, seed, side=40):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 300, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(5, side, (count, 2))], axis=1).astype(np.float32)


@pytest.mark.parametrize("min_iou", [0.05, 0.4, 0.9])
def test_they_are_those_that_comparing_all_with_all_finds(min_iou):
    first, second = some(150, 1), np.concatenate([some(120, 2), some(30, 1) + 1])
    table = iou(first, second)
    a, b, shares = overlapping_pairs(first, second, min_iou)
    assert sorted(zip(a.tolist(), b.tolist(), strict=True)) == sorted(
        map(tuple, np.argwhere(table >= min_iou).tolist())
    )
    np.testing.assert_allclose(shares, table[a, b])


def test_there_are_none_where_a_set_is_empty_or_far_away():
    nothing = np.zeros((0, 4), np.float32)
    for first, second in ((nothing, some(3, 1)), (some(3, 1), nothing), (some(3, 1), some(3, 1) + 1000)):
        assert [len(part) for part in overlapping_pairs(first, second, 0.4)] == [0, 0, 0]
