import numpy as np
import pytest

from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.filtering.border_plants import touches_border, truncated_by_border
from mlpipeline.vision.results import DEAD, EMPTY, PLANT, Detections
from tests.mlpipeline.vision.count_options import make_options
from tests.mlpipeline.vision.synthetic_beds import bed, square

SHAPE = (440, 440)
# A bed of plants of 20 px, all whole.
BED = bed(lambda x, y: 20)
# At the right border 20, 11, 9 and 4 px wide are left of plants of 20 px: shares 1, .55, .45 and .2.
CUT = np.array(
    [[420, 30, 440, 50], [429, 110, 440, 130], [431, 190, 440, 210], [436, 270, 440, 290]], np.float32
)


def seen(boxes, kind=PLANT):
    return Detections(boxes, np.full(len(boxes), 0.8), np.full(len(boxes), kind))


def kept_of(found, shape, min_visible_share):
    return found.select(~truncated_by_border(found, shape, min_visible_share))


def cut_ones(found):
    return found.boxes[found.boxes[:, 2] == 440][:, 0].tolist()


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ([0, 50, 9, 60], True),
        ([50, 0, 60, 9], True),
        ([431, 50, 440, 60], True),
        ([50, 431, 60, 440], True),
        ([0.8, 50, 10, 60], True),
        ([5, 5, 15, 15], False),
        ([5, 50, 205, 250], True),
        ([7, 50, 207, 250], False),
    ],
    ids=["left", "top", "right", "bottom", "nearly", "whole", "large and nearly", "large and whole"],
)
def test_a_box_is_cut_where_it_reaches_an_edge_of_the_picture(box, expected):
    assert touches_border(np.array([box], np.float32), SHAPE).tolist() == [expected]


@pytest.mark.parametrize(
    ("min_visible_share", "left"),
    [(0, [420, 429, 431, 436]), (0.25, [420, 429, 431]), (0.5, [420, 429]), (1.0, [420])],
)
def test_a_plant_counts_from_the_share_of_it_that_the_picture_shows(min_visible_share, left):
    found = kept_of(seen(np.concatenate([BED, CUT])), SHAPE, min_visible_share)
    assert cut_ones(found) == left
    assert len(found) == len(BED) + len(left)  # whole plants always count


def test_a_cut_plant_is_compared_with_the_plants_near_it():
    """Perspective: 10 px at the top, 40 px at the bottom. The same stub is whole above and a quarter below."""
    plants = bed(lambda x, y: 10 * 4 ** (y / 400))
    above, below = np.array([[[430, 6, 440, 16]], [[432, 380, 440, 420]]], np.float32)
    found = kept_of(seen(np.concatenate([plants, above, below])), SHAPE, 0.4)
    assert cut_ones(found) == [430]


def test_dead_plants_are_compared_with_living_ones_and_empty_pots_with_empty_pots():
    stub, pots = square(438, 300, 4), square(100, 100, 4)
    plants = seen(BED)
    both = Detections.concat([plants, seen(stub, DEAD), seen(stub - 4, EMPTY)])
    assert len(kept_of(both, SHAPE, 0.5).dead) == 0
    assert len(kept_of(both, SHAPE, 0.5).empties) == 1  # no whole pot tells
    small_pots = seen(np.concatenate([pots, pots + 50, pots + 90]), EMPTY)
    at_edge = seen(square(438, 200, 4), EMPTY)
    assert len(kept_of(Detections.concat([plants, small_pots, at_edge]), SHAPE, 0.5).empties) == 4


def test_without_whole_plants_nothing_tells_and_all_stay():
    few = seen(np.concatenate([square(100, 100, 20), square(200, 200, 20), CUT]))
    assert len(kept_of(few, SHAPE, 1.0)) == 6
    assert len(kept_of(Detections.empty(), SHAPE, 0.5)) == 0


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_of_a_plant_lies_between_nothing_and_all(share):
    with pytest.raises(InvalidInput):
        make_options(border_share=share)
