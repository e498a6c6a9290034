"""Boxes and trays have the outline that most of several looks show."""

import numpy as np
import pytest

from mlpipeline.vision.containers.mask_voting import vote_masks
from mlpipeline.vision.geometry.masks import polygon_region
from mlpipeline.vision.results import Container

SHAPE = (600, 800)


def rectangle(x0, y0, x1, y1, kind="box", score=0.9):
    return Container(kind, np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float32), score)


def extent(container):
    return [*container.polygon.min(axis=0), *container.polygon.max(axis=0)]


WHOLE = rectangle(200, 150, 500, 400, "plug", 0.8)
CHOPPED = Container(
    "box", np.array([[300, 150], [500, 150], [500, 400], [200, 400], [200, 250]], dtype=np.float32), 0.9
)
SPILT = rectangle(200, 150, 580, 400, "box", 0.7)


def test_a_corner_that_one_look_chops_off_is_completed_by_the_others():
    (settled,) = vote_masks([CHOPPED], [[WHOLE], [SPILT]], SHAPE)
    assert extent(settled) == pytest.approx(extent(WHOLE), abs=2.5)
    area = polygon_region(settled.polygon, SHAPE).area_px
    assert area == pytest.approx(300 * 250, rel=0.02)


def test_what_one_look_takes_of_the_ground_is_left_out():
    (settled,) = vote_masks([SPILT], [[WHOLE], [CHOPPED]], SHAPE)
    assert extent(settled) == pytest.approx(extent(WHOLE), abs=2.5)


def test_type_and_score_are_those_of_the_first_look():
    (settled,) = vote_masks([SPILT], [[WHOLE], [CHOPPED]], SHAPE)
    assert (settled.type, settled.score) == ("box", 0.7)


@pytest.mark.parametrize(
    "others",
    [
        pytest.param([[WHOLE], []], id="one look shows nothing"),
        pytest.param([[WHOLE], [rectangle(480, 150, 780, 400)]], id="one look shows another box"),
        pytest.param([[WHOLE], [rectangle(200, 150, 500, 400, "segment")]], id="one look shows a bed"),
    ],
)
def test_a_box_that_not_every_look_shows_stays_as_it_is(others):
    assert vote_masks([CHOPPED], others, SHAPE) == [CHOPPED]


def test_beds_stay_as_they_are_and_all_keep_their_order():
    bed = rectangle(0, 0, 800, 600, "segment")
    other = rectangle(560, 430, 700, 580)
    settled = vote_masks([other, bed, SPILT], [[WHOLE, other], [other, CHOPPED]], SHAPE)
    assert settled[1] is bed
    assert [one.type for one in settled] == ["box", "segment", "box"]
    assert extent(settled[0]) == pytest.approx(extent(other), abs=2.5)
    assert extent(settled[2]) == pytest.approx(extent(WHOLE), abs=2.5)


def test_nothing_found_is_nothing_settled():
    assert vote_masks([], [[WHOLE], [WHOLE]], SHAPE) == []


def test_real_kinds_at_a_large_picture_are_compared_exactly_enough():
    large = rectangle(1000, 800, 2500, 2000)
    moved = rectangle(1010, 790, 2520, 2010)
    (settled,) = vote_masks([moved], [[large], [large]], (3000, 4000))
    assert extent(settled) == pytest.approx(extent(large), abs=8)
