import numpy as np
import pytest

from mlpipeline.vision.containers.cleaning import find_containers
from mlpipeline.vision.containers.place_filters import drop_side_truncated
from tests.mlpipeline.vision.count_options import make_options
from tests.mlpipeline.vision.fake_detectors import TruthSegmenter
from tests.mlpipeline.vision.synthetic_images import rectangle

SHAPE = (300, 400)
OWN = rectangle("segment", 100, 0, 300, 300)  # cut above and below, as long beds are
LEFT, RIGHT = rectangle("segment", 0, 0, 80, 300), rectangle("box", 320, 100, 400, 160)


def found_by(*containers, **options):
    image = np.zeros((*SHAPE, 3), np.uint8)
    return find_containers(image, TruthSegmenter(list(containers)), make_options(**options))


def test_what_one_side_of_the_picture_cuts_is_the_neighbours():
    assert drop_side_truncated([LEFT, OWN, RIGHT], SHAPE) == [OWN]


@pytest.mark.parametrize("short_px", [0, 3.9])
def test_an_outline_that_ends_just_short_of_the_edge_is_cut_by_it(short_px):
    assert drop_side_truncated([OWN, rectangle("segment", 320, 0, 400 - short_px, 300)], SHAPE) == [OWN]


def test_a_bed_that_fills_the_picture_from_side_to_side_is_the_place_itself():
    bed = rectangle("segment", 0, 100, 400, 300)
    assert drop_side_truncated([LEFT, bed], SHAPE) == [bed]


@pytest.mark.parametrize("containers", [[], [LEFT], [LEFT, RIGHT]])
def test_where_nothing_tells_whose_they_are_all_stay(containers):
    assert drop_side_truncated(containers, SHAPE) == containers


def test_neighbours_count_unless_the_nursery_says_otherwise():
    assert len(found_by(LEFT, OWN, RIGHT)) == 3
    (own,) = found_by(LEFT, OWN, RIGHT, whole_containers_only=True)
    assert own.polygon.tolist() == OWN.polygon.tolist()
