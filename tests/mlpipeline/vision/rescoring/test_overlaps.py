import numpy as np
import pytest

from mlpipeline.vision.rescoring.overlaps import FEATURES, overlaps
from mlpipeline.vision.results import PLANT, Detections

COVER, IOU, BETTER, HELD, HOLDER, CONTENTS, BEST_CONTENT = range(FEATURES)


def among(*boxes, scores):
    """The overlaps of some boxes, with ten times their scores for odds."""
    things = Detections(np.array(boxes, np.float32), np.array(scores), np.full(len(boxes), PLANT))
    return overlaps(things, 10 * np.array(scores))


def test_a_second_box_of_a_plant_meets_a_better_one():
    first, second = among((0, 0, 20, 20), (10, 0, 30, 20), scores=[0.8, 0.3])
    assert second[[IOU, BETTER, COVER]] == pytest.approx([1 / 3, 8, 1 / 9])
    assert first[[IOU, BETTER, COVER]].tolist() == [0, 0, 0], "the better one meets none"


def test_between_two_neighbours_both_cover_and_the_nearer_one_tells_its_odds():
    between = among((0, 0, 20, 20), (15, 0, 35, 20), (25, 0, 45, 20), scores=[0.7, 0.2, 0.9])[1]
    left, right = 5 / 35, 10 / 30
    assert between[COVER] == pytest.approx(left**2 + right**2)
    assert between[[IOU, BETTER]] == pytest.approx([right, 9])


def test_a_leaf_lies_in_its_plant_and_the_plant_holds_its_leaves():
    plant, leaf, other, _outside = among(
        (0, 0, 40, 40), (5, 5, 15, 15), (35, 20, 55, 40), (50, 0, 60, 10), scores=[0.4, 0.6, 0.2, 0.9]
    )
    assert leaf[[HELD, HOLDER]] == pytest.approx([1, 4])
    assert other[HELD] == pytest.approx(1 / 4)
    assert plant[[CONTENTS, BEST_CONTENT]] == pytest.approx([np.log(2), 6]), "a quarter of a box is not in it"
    assert plant[[HELD, HOLDER]].tolist() == [0, 0]


def test_of_several_contents_the_best_odds_are_told_also_where_all_are_low():
    things = [(0, 0, 40, 40), (5, 5, 15, 15), (20, 20, 30, 30)]
    seen = Detections(np.array(things, np.float32), [0.9, 0.1, 0.2], np.full(3, PLANT))
    plant = overlaps(seen, np.array([3.0, -4.0, -2.0]))[0]
    assert plant[[CONTENTS, BEST_CONTENT]] == pytest.approx([np.log(3), -2])


def test_boxes_that_touch_do_not_meet():
    np.testing.assert_array_equal(
        among((0, 0, 20, 20), (20, 0, 40, 20), (0, 20, 20, 40), scores=[0.9, 0.5, 0.4]), 0
    )


def test_one_alone_meets_none():
    assert among((0, 0, 9, 9), scores=[0.5]).tolist() == [[0] * FEATURES]
    assert overlaps(Detections.empty(), np.zeros(0)).shape == (0, FEATURES)


def test_the_order_of_the_detections_changes_nothing():
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 200, (80, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(5, 60, (80, 2))], axis=1)
    seen = Detections(boxes, rng.uniform(0.05, 0.9, 80), np.full(80, PLANT))
    odds = rng.normal(size=80)
    shuffled = rng.permutation(80)
    np.testing.assert_array_equal(
        overlaps(seen.select(shuffled), odds[shuffled]), overlaps(seen, odds)[shuffled]
    )
