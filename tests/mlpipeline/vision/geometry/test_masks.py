import numpy as np
import pytest

from mlpipeline.vision.arrays import as_boxes, as_polygon
from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.geometry.masks import (
    Region,
    ellipse_mask,
    mask_contours,
    morphological_open,
    polygon_region,
    region_iou,
    subtract_region,
)


def test_a_polygon_covers_its_pixels_and_no_more():
    region = polygon_region(as_polygon([[2, 3], [8, 3], [8, 7], [2, 7]]), (10, 12))
    full = region.to_full_mask((10, 12))
    assert full[3:7, 2:8].all()
    assert full.sum() == 24


@pytest.mark.parametrize(
    "polygon",
    [
        pytest.param([[20, 20], [30, 20], [30, 30]], id="beside the picture"),
        pytest.param([[-30, -30], [-5, -30], [-5, -5]], id="before it"),
    ],
)
def test_a_polygon_outside_the_picture_has_no_pixels(polygon):
    region = polygon_region(as_polygon(polygon), (10, 12))
    assert region.is_empty
    assert not region.to_full_mask((10, 12)).any()


def test_a_polygon_that_reaches_far_past_the_picture_is_cut_at_its_edges():
    region = polygon_region(as_polygon([[-1e6, -1e6], [1e6, -1e6], [1e6, 1e6], [-1e6, 1e6]]), (10, 12))
    assert region.area_px == 120


def test_what_another_region_takes_is_taken_once():
    big = Region(0, 0, np.ones((10, 10), np.bool_))
    small = Region(8, 8, np.ones((5, 5), np.bool_))
    assert subtract_region(big, small).area_px == 96
    assert big.area_px == 100
    assert subtract_region(small, big).area_px == 21


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param((0, 0, 10, 10), (0, 0, 10, 10), 1.0, id="the same"),
        pytest.param((0, 0, 10, 10), (5, 0, 15, 10), 50 / 150, id="half of each"),
        pytest.param((0, 0, 10, 10), (10, 0, 20, 10), 0.0, id="side by side"),
        pytest.param((0, 0, 10, 10), (90, 90, 99, 99), 0.0, id="one outside the picture"),
        pytest.param((90, 90, 99, 99), (90, 90, 99, 99), 0.0, id="both outside"),
    ],
)
def test_what_two_regions_have_in_common_is_a_share_of_both_together(first, second, expected):
    regions = [
        polygon_region(as_polygon([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]), (20, 40))
        for x0, y0, x1, y1 in (first, second)
    ]
    assert region_iou(*regions) == pytest.approx(expected)


def test_an_ellipse_stays_in_its_box_and_covers_pi_quarters_of_it():
    mask = ellipse_mask(as_boxes([[20, 30, 80, 70]]), (100, 100))
    rows, columns = np.nonzero(mask)
    assert columns.min() >= 20
    assert columns.max() < 80
    assert rows.min() >= 30
    assert rows.max() < 70
    assert mask.sum() == pytest.approx(np.pi / 4 * 60 * 40, rel=0.05)


def test_detections_never_hide_more_than_their_boxes():
    boxes = as_boxes([[10, 10, 30, 30], [60, 60, 80, 80]])
    assert ellipse_mask(boxes, (100, 100)).sum() <= 2 * 400
    with pytest.raises(InvalidInput):
        ellipse_mask(boxes, (100, 100), share=1.7)


def test_opening_drops_slivers_and_keeps_what_a_disc_fits_into():
    mask = np.zeros((60, 60), np.bool_)
    mask[10:30, 10:30] = True
    mask[40:44, :] = True
    kept = morphological_open(mask, 4)
    assert kept[20, 20]
    assert not kept[40:44].any()
    assert morphological_open(mask, 0.3) is mask


def test_a_strip_along_the_edge_of_the_picture_is_a_sliver_too():
    mask = np.zeros((60, 60), np.bool_)
    mask[:, :4] = True
    assert not morphological_open(mask, 4).any()


def test_outlines_follow_the_pieces_and_their_holes_in_picture_pixels():
    mask = np.zeros((40, 40), np.bool_)
    mask[5:25, 5:25] = True
    mask[12:18, 12:18] = False
    rings = mask_contours(mask, origin=(100, 200), scale=2.0)
    assert len(rings) == 2
    outer = max(rings, key=np.ptp)
    assert outer.min(axis=0).tolist() == [111, 211]
    assert outer.max(axis=0).tolist() == [149, 249]
    assert mask_contours(np.zeros((5, 5), np.bool_)) == ()
