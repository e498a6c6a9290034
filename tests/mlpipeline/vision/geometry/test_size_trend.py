import numpy as np
import pytest

from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.geometry.size_trend import predict_areas, predict_log_sizes
from tests.mlpipeline.vision.synthetic_beds import bed, square


def test_nothing_is_learnt_from_no_plant():
    with pytest.raises(InvalidInput):
        predict_areas(np.zeros((0, 4), np.float32), square(5, 5, 2))


def test_few_plants_only_give_their_median():
    few = np.concatenate([square(x, x, side) for x, side in ((10, 4), (50, 10), (90, 30))])
    assert predict_areas(few, square(200, 7, 1)).tolist() == pytest.approx([100])


def test_sides_that_double_from_far_to_near_are_found_at_every_place():
    """20 px at y = 0, 40 px at y = 400: in the middle their geometric mean."""
    plants = bed(lambda x, y: 20 * 2 ** (y / 400))
    there = np.concatenate([square(100, 200, 9), square(300, 200, 9)])
    assert np.exp(predict_log_sizes(plants, there)) == pytest.approx([20 * 2**0.5] * 2, rel=1e-3)


def test_a_few_giants_tilt_nothing():
    plants = bed(lambda x, y: 20 * 2 ** (y / 400) * 1.04 ** ((x + 3 * y) % 7 - 3))
    giants = plants.copy()
    giants[-3:] = np.concatenate([square(x, 380, 200) for x in (100, 200, 300)])
    ends = np.concatenate([square(200, 20, 9), square(200, 380, 9)])
    assert np.exp(predict_log_sizes(giants, ends)) == pytest.approx(
        np.exp(predict_log_sizes(plants, ends)), rel=0.05
    )


def test_nothing_is_claimed_beyond_what_was_measured():
    plants = bed(lambda x, y: 20 * 2 ** (y / 400))
    assert np.exp(predict_log_sizes(plants, square(200, 4000, 9)))[0] == pytest.approx(
        np.sqrt((plants[:, 2] - plants[:, 0]) * (plants[:, 3] - plants[:, 1])).max()
    )


def test_plants_in_one_row_are_enough():
    row = np.concatenate([square(20 * step, 50, 10) for step in range(1, 20)])
    assert predict_areas(row, square(100, 50, 3)).tolist() == pytest.approx([100], rel=1e-4)
