"""Boxes that stand turned against their picture are looked at again, upright."""

import cv2
import numpy as np
import pytest

from mlpipeline.vision.containers.deskew import dominant_angle_deg, segment_deskewed
from mlpipeline.vision.results import Container

SHAPE = (900, 1200)


def box(x, y, degrees, kind="box", score=0.9, size=(160.0, 110.0)):
    """A rectangle around (x, y), turned clockwise as the picture is seen (y points down)."""
    return Container(kind, cv2.boxPoints(((x, y), size, degrees)).astype(np.float32), score)


def array(degrees, **given):
    return [box(x, y, degrees, **given) for x in (300, 550, 800) for y in (300, 500)]


@pytest.mark.parametrize("degrees", [-44.0, -30.0, -9.0, 0.0, 12.5, 40.0])
def test_boxes_tell_how_they_are_turned(degrees):
    assert dominant_angle_deg(array(degrees), SHAPE) == pytest.approx(degrees, abs=0.1)


def test_boxes_at_right_angles_to_each_other_are_turned_alike():
    assert dominant_angle_deg(
        [box(300, 300, 20), box(600, 300, 110), box(900, 300, 200)], SHAPE
    ) == pytest.approx(20, abs=0.1)


def test_a_corner_that_is_cut_off_changes_the_turn_little():
    whole = box(600, 450, 20)
    corners = whole.polygon
    chopped = np.vstack([corners[1:], [corners[0] + 0.25 * (corners[3] - corners[0])], [[0, 0]]])
    chopped[-1] = corners[0] + 0.25 * (corners[1] - corners[0])
    outlines = [*array(20), Container("box", chopped[[3, 4, 0, 1, 2]].astype(np.float32), 0.9)]
    assert dominant_angle_deg(outlines, SHAPE) == pytest.approx(20, abs=2)


def test_sides_along_the_border_of_the_picture_say_nothing():
    cut = np.array([[0, 0], [500, 0], [420, 140], [0, 100]], dtype=np.float32)
    far_side = float(np.degrees(np.arctan2(40, 420)))
    assert dominant_angle_deg([Container("box", cut, 0.9)], SHAPE) == pytest.approx(far_side, abs=6)
    border_only = np.array([[0, 0], [1200, 0], [1200, 900], [0, 900]], dtype=np.float32)
    assert dominant_angle_deg([Container("box", border_only, 0.9)], SHAPE) == 0


def test_beds_are_not_turned_and_nothing_is_not_turned():
    assert dominant_angle_deg(array(30, kind="segment"), SHAPE) == 0
    assert dominant_angle_deg([], SHAPE) == 0


def test_boxes_in_all_directions_are_not_turned():
    around = [box(150 + 120 * step, 400, 90 * step / 8, size=(100.0, 100.0)) for step in range(8)]
    assert dominant_angle_deg(around, SHAPE) == 0


class Eye:
    """What is seen of a picture at each turn, and at which turns it was looked at."""

    def __init__(self, first, *later):
        self.answers, self.turns = [first, *later], []

    def look(self, turn):
        self.turns.append(turn)
        return self.answers[len(self.turns) - 1]


def test_boxes_that_stand_upright_are_looked_at_once():
    eye = Eye(array(3))
    assert segment_deskewed(eye.look, SHAPE, 0.3)[0] is eye.answers[0]
    assert eye.turns == [0]


def test_boxes_that_stand_askew_are_looked_at_again():
    eye = Eye(array(30), array(31))
    assert segment_deskewed(eye.look, SHAPE, 0.3)[0] is eye.answers[1]
    assert eye.turns == [0, pytest.approx(30, abs=0.1)]


def test_a_turn_that_was_misjudged_is_looked_at_once_more_and_no_further():
    eye = Eye(array(20), array(33), array(20))
    assert segment_deskewed(eye.look, SHAPE, 0.3)[0] is eye.answers[2]
    assert eye.turns == [0, pytest.approx(20, abs=0.1), pytest.approx(33, abs=0.1)]


def test_a_turn_by_a_right_angle_is_no_other_turn():
    eye = Eye(array(44), array(-44))
    assert segment_deskewed(eye.look, SHAPE, 0.3)[0] is eye.answers[1]
    assert len(eye.turns) == 2


def test_a_look_that_shows_less_is_not_believed():
    eye = Eye(array(30), array(30)[:3])
    assert segment_deskewed(eye.look, SHAPE, 0.3)[0] is eye.answers[0]


def test_doubtful_boxes_do_not_turn_the_picture():
    eye = Eye([*array(0), *array(30, score=0.2), *array(30, score=0.1)])
    assert segment_deskewed(eye.look, SHAPE, 0.3)[0] is eye.answers[0]
