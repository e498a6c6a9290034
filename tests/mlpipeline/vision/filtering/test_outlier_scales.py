import pytest

from mlpipeline.vision.filtering.outlier_scales import outlier_scale_masks
from mlpipeline.vision.results import Detections
from tests.mlpipeline.vision.nursery import detections_of, grid_of_discs

EMPTY = 2
PLANT = detections_of([(100, 100, 50)], score=0.8)  # a pot with one plant of 100 px
CRUMBS = detections_of(grid_of_discs(4, 5, 20, 6), score=0.35)  # twenty of 12 px


def removed(*found):
    return [int(mask.sum()) for mask in outlier_scale_masks(found)]


def test_a_crowd_of_crumbs_with_low_scores_goes_beside_pots_that_surely_hold_one_plant():
    assert removed(PLANT, PLANT, CRUMBS) == [0, 0, 20]


@pytest.mark.parametrize(
    "found",
    [
        pytest.param([PLANT, CRUMBS], id="one confident container says nothing about the others"),
        pytest.param(
            [PLANT, PLANT, detections_of(grid_of_discs(4, 5, 20, 6), score=0.8)], id="seedlings seen well"
        ),
        pytest.param(
            [PLANT, PLANT, detections_of(grid_of_discs(4, 5, 60, 21), score=0.35)], id="half as large"
        ),
        pytest.param([PLANT, PLANT, Detections.empty()], id="nothing detected"),
        pytest.param([], id="no container"),
    ],
)
def test_everything_else_stays(found):
    assert sum(removed(*found)) == 0


def test_what_is_as_large_as_the_neighbours_plants_stays_among_the_crumbs():
    pot = detections_of([(300, 300, 50)], EMPTY, 0.5)
    masks = outlier_scale_masks([PLANT, PLANT, Detections.concat([CRUMBS, pot])])
    assert masks[2].tolist() == [True] * 20 + [False]
