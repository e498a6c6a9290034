import cv2
import numpy as np
import pytest

from mlpipeline.vision.arrays import as_boxes, as_polygon
from mlpipeline.vision.estimation.tray_lattice import (
    Lattice,
    classify_cells,
    fit_lattice,
    leaf_cover,
    quadrilateral,
)
from tests.mlpipeline.vision.synthetic_images import detections_of, grid_of_discs

TRAY = as_polygon([[0, 0], [480, 0], [480, 320], [0, 320]])
PLAIN = Lattice(2, 3, np.array([[100, 0, 50], [0, 100, 50], [0, 0, 1]], np.float64))


def boxes_of(discs):
    return detections_of(discs).boxes


def in_perspective(discs, polygon):
    mapping = cv2.getPerspectiveTransform(
        np.array([[0, 0], [480, 0], [480, 320], [0, 320]], np.float32), np.array(polygon, np.float32)
    )
    points = cv2.perspectiveTransform(np.array([[disc[:2]] for disc in discs], np.float32), mapping)[:, 0]
    return as_boxes(np.concatenate([points - 8, points + 8], axis=1))


def test_a_full_tray_has_its_rows_and_columns():
    lattice = fit_lattice(boxes_of(grid_of_discs(8, 12, 40, 14, jitter=0.1)), TRAY)
    assert (lattice.rows, lattice.columns, lattice.capacity) == (8, 12, 96)


def test_a_tray_with_gaps_has_the_same_cells():
    discs = grid_of_discs(8, 12, 40, 14, jitter=0.1)
    kept = [disc for place, disc in enumerate(discs) if place % 5]
    lattice = fit_lattice(boxes_of(kept), TRAY)
    assert (lattice.rows, lattice.columns) == (8, 12)


def test_a_tray_seen_at_a_slant_has_the_same_cells():
    slanted = [[120, 40], [420, 60], [560, 330], [30, 300]]
    boxes = in_perspective(grid_of_discs(8, 12, 40, 14, jitter=0.05), slanted)
    lattice = fit_lattice(boxes, as_polygon(slanted))
    assert (lattice.rows, lattice.columns) == (8, 12)
    assert len(set(lattice.cells_of((boxes[:, :2] + boxes[:, 2:]) / 2).tolist())) == 96


def test_plants_that_stand_anyhow_have_no_lattice():
    rng = np.random.default_rng(3)
    corner = rng.uniform(0, [460, 300], (90, 2))
    assert fit_lattice(as_boxes(np.concatenate([corner, corner + 20], axis=1)), TRAY) is None


@pytest.mark.parametrize(
    "discs",
    [
        pytest.param([], id="none"),
        pytest.param(grid_of_discs(2, 4, 40, 14), id="eight"),
        pytest.param(grid_of_discs(1, 12, 40, 14), id="a single row"),
        pytest.param([(100, 100, 10)] * 20, id="all in one place"),
    ],
)
def test_too_little_is_no_lattice(discs):
    assert fit_lattice(boxes_of(discs), TRAY) is None


def test_points_fall_into_their_cells_and_outside_them():
    points = np.array([[50, 50], [149, 101], [299, 199], [301, 50], [-1, 50]], np.float32)
    assert PLAIN.cells_of(points).tolist() == [0, 4, 5, -1, -1]
    assert PLAIN.cells_of(np.zeros((0, 2), np.float32)).tolist() == []


def test_a_lattice_moves_and_grows_with_its_picture():
    moved = PLAIN.moved(10, 20).scaled(2)
    assert moved.cell_outlines()[0].tolist() == [[20, 40], [220, 40], [220, 240], [20, 240]]


def test_cover_is_the_share_of_leaf_in_the_middle_of_a_cell():
    leaf = np.zeros((200, 300), np.bool_)
    leaf[:, :50] = True  # the left half of the first column
    assert leaf_cover(PLAIN, leaf) == pytest.approx([0.5, 0, 0, 0.5, 0, 0], abs=0.02)


def test_a_cell_is_planted_missed_or_empty():
    leaf = np.zeros((200, 300), np.bool_)
    leaf[25:75, 25:75] = True  # cell 0: a detected plant
    leaf[25:75, 125:175] = True  # cell 1: as green as that, and nothing detected
    leaf[25:35, 225:260] = True  # cell 2: the tip of a neighbour
    leaf[125:175, 25:75] = True  # cell 3: green, but the detector saw an empty pot
    cells = classify_cells(PLAIN, as_boxes([[20, 20, 80, 80]]), as_boxes([[10, 110, 90, 190]]), leaf)
    assert cells.planted.tolist() == [True, False, False, False, False, False]
    assert cells.missed.tolist() == [False, True, False, False, False, False]
    assert cells.empty.tolist() == [False, False, True, True, True, True]


def test_where_no_leaf_can_be_told_only_detections_speak():
    cells = classify_cells(
        PLAIN, as_boxes([[20, 20, 80, 80]]), as_boxes([[10, 110, 90, 190]]), np.zeros((200, 300), np.bool_)
    )
    assert cells.planted.sum() == 1
    assert cells.empty.sum() == 1
    assert cells.missed.sum() == 0


@pytest.mark.parametrize(
    "polygon",
    [
        pytest.param([[10, 10], [90, 12], [88, 60], [12, 58]], id="four corners"),
        pytest.param(
            [[50, 5], [90, 12], [95, 35], [88, 60], [50, 66], [12, 58], [5, 35], [12, 12]], id="a rounded one"
        ),
    ],
)
def test_an_outline_has_four_corners_from_the_upper_left_clockwise(polygon):
    corners = quadrilateral(as_polygon(polygon))
    assert corners.shape == (4, 2)
    assert corners.sum(axis=1).argmin() == 0
    assert corners[1, 0] > corners[0, 0]
    assert corners[3, 1] > corners[0, 1]
