import numpy as np
import pytest

from mlpipeline.vision.arrays import as_boxes, as_polygon, check_image
from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.geometry.boxes import (
    areas,
    box_centers,
    clip,
    iou,
    longest_sides,
    points_in_mask,
    sides,
)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param([0, 0, 10, 10], [0, 0, 10, 10], 1.0, id="the same box"),
        pytest.param([0, 0, 10, 10], [10, 0, 20, 10], 0.0, id="boxes that touch"),
        pytest.param([0, 0, 10, 10], [5, 0, 15, 10], 1 / 3, id="half of each: 50 of 150"),
        pytest.param([0, 0, 10, 10], [0, 0, 5, 5], 0.25, id="a quarter inside: 25 of 100"),
        pytest.param([3, 3, 3, 3], [3, 3, 3, 3], 0.0, id="two empty boxes"),
    ],
)
def test_iou_is_the_shared_area_over_the_united_one(first, second, expected):
    assert iou(as_boxes([first]), as_boxes([second])) == pytest.approx(np.array([[expected]]))


def test_no_boxes_have_no_areas_and_no_overlaps():
    none, one = as_boxes([]), as_boxes([[0, 0, 2, 2]])
    assert areas(none).shape == sides(none).shape == longest_sides(none).shape == (0,)
    assert iou(none, one).shape == (0, 1)
    assert iou(one, none).shape == (1, 0)


def test_a_box_of_four_by_nine_has_side_six_and_longest_side_nine():
    box = as_boxes([[1, 2, 5, 11]])
    assert areas(box).tolist() == [36]
    assert sides(box).tolist() == [6]
    assert longest_sides(box).tolist() == [9]
    assert box_centers(box).tolist() == [[3, 6.5]]


def test_clipping_cuts_at_the_picture_and_leaves_its_argument_alone():
    boxes = as_boxes([[-5, -5, 5, 5], [8, 8, 30, 30], [50, 50, 60, 60]])
    before = boxes.copy()
    assert clip(boxes, (10, 20)).tolist() == [[0, 0, 5, 5], [8, 8, 20, 10], [20, 10, 20, 10]]
    assert np.array_equal(boxes, before)


def test_a_point_is_inside_by_the_pixel_under_it_in_the_frame_of_the_origin():
    mask = np.array([[True, False], [False, True]])
    points = np.array([[10.9, 20.0], [11.0, 20.5], [11.5, 21.5], [9.9, 20.0], [12.0, 21.0]], dtype=np.float32)
    assert points_in_mask(points, mask, (10, 20)).tolist() == [True, False, True, False, False]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([[1, 2, 3]], id="three numbers"),
        pytest.param([[0, 0, np.nan, 1]], id="not a number"),
        pytest.param([[5, 0, 1, 1]], id="right of its right edge"),
    ],
)
def test_what_is_no_box_is_refused(values):
    with pytest.raises(InvalidInput):
        as_boxes(values)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([[0, 0], [1, 1]], id="two points"),
        pytest.param([], id="no point"),
        pytest.param([[0, 0, 0]] * 3, id="points in space"),
        pytest.param([[0, 0], [1, np.inf], [1, 0]], id="infinite"),
    ],
)
def test_what_is_no_polygon_is_refused_with_a_code(values):
    with pytest.raises(InvalidInput) as refused:
        as_polygon(values)
    assert refused.value.code == "invalid_input"


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(np.zeros((4, 4), np.uint8), id="grey"),
        pytest.param(np.zeros((4, 4, 4), np.uint8), id="with alpha"),
        pytest.param(np.zeros((4, 4, 3), np.float32), id="floats"),
        pytest.param(np.zeros((0, 4, 3), np.uint8), id="no pixel"),
    ],
)
def test_only_rgb_bytes_with_pixels_are_a_picture(image):
    with pytest.raises(InvalidInput):
        check_image(image)
