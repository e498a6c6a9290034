import numpy as np
import pytest

from mlpipeline.vision.arrays import as_boxes
from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.estimation.plant_area import (
    band_box_areas_px,
    fit_side_by_row,
    mean_box_area_px,
    tukey_filter,
)


def squares(*sides_and_rows):
    return as_boxes([[0, row - side / 2, side, row + side / 2] for side, row in sides_and_rows])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([1, 2, 3, 4, 100], [1, 2, 3, 4], id="Q1 2, Q3 4: fences at -1 and 7"),
        pytest.param([5, 5, 5, 5, 6], [5, 5, 5, 5], id="no spread leaves only the usual"),
        pytest.param([1, 2, 3, 4, 7], [1, 2, 3, 4, 7], id="a value on the fence stays"),
    ],
)
def test_outliers_lie_beyond_one_and_a_half_interquartile_ranges(values, expected):
    assert tukey_filter(np.array(values, float)).tolist() == expected


def test_the_mean_area_leaves_a_giant_out():
    assert mean_box_area_px(squares(*[(10, 50)] * 9, (100, 50))) == 100


def test_a_band_with_ten_plants_is_measured_on_its_own():
    boxes = squares(*[(10, 5)] * 10, *[(20, 15)] * 10)
    assert band_box_areas_px(boxes, np.array([0, 10, 20])) == [100, 400]


def test_a_band_with_few_plants_follows_the_perspective_of_the_others():
    # Sides grow by one px every ten rows: 10 px at row 100, 20 px at row 200; the last band's middle is row 350.
    boxes = squares(*[(10 + k, 100 + 10 * k) for k in range(11)])
    areas = band_box_areas_px(boxes, np.array([0, 100, 200, 300, 400]))
    assert areas[2] == pytest.approx(25**2, rel=0.01)
    assert areas[3] == pytest.approx(35**2, rel=0.01)


def test_perspective_is_not_stretched_beyond_reason():
    boxes = squares(*[(10 + k, 100 + 10 * k) for k in range(11)])
    far = band_box_areas_px(boxes, np.array([-5000, -4900]))[0]
    assert far == pytest.approx(0.4**2 * mean_box_area_px(boxes))


def test_few_plants_in_all_share_one_mean():
    assert band_box_areas_px(squares((10, 5), (10, 15)), np.array([0, 10, 20])) == [100, 100]


def test_no_plants_have_no_area():
    with pytest.raises(InvalidInput):
        band_box_areas_px(as_boxes([]), np.array([0, 10, 20]))


def test_a_single_row_of_plants_tells_no_perspective():
    assert fit_side_by_row(squares(*[(12, 40)] * 12)) == (0.0, 12.0)
