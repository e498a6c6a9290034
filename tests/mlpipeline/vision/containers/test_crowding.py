import numpy as np
import pytest

from mlpipeline.vision.containers.crowding import SAMPLE_COUNT, crowding


def grid(columns, rows, spacing, side):
    x, y = (axis.ravel() * spacing for axis in np.mgrid[:columns, :rows])
    middles = np.stack([x, y], axis=1).astype(np.float32)
    return np.concatenate([middles - side / 2, middles + side / 2], axis=1)


@pytest.mark.parametrize("boxes", [np.zeros((0, 4), np.float32), grid(1, 1, 10, 5)], ids=["none", "one"])
def test_fewer_than_two_plants_are_no_crowd_and_no_row(boxes):
    assert np.isnan(crowding(boxes))


@pytest.mark.parametrize(("side", "expected"), [(20, 0.5), (40, 1.0), (60, 1.5)])
def test_it_is_the_side_in_distances_to_the_nearest_plant(side, expected):
    assert crowding(grid(4, 3, 40, side)) == pytest.approx(expected)


def test_of_many_plants_a_sample_tells_the_same():
    many = grid(40, 40, 30, 24)
    assert len(many) > SAMPLE_COUNT
    assert crowding(many) == pytest.approx(0.8)
