import numpy as np
import pytest

from mlpipeline.vision.estimation.vegetation import (
    is_leaf_coloured,
    otsu_threshold,
    segment_by_colour_model,
    segment_by_excess_green,
)
from tests.mlpipeline.vision.synthetic_images import (
    GREY,
    LEAF,
    PALE,
    SOIL,
    detections_of,
    grid_of_discs,
    painted,
)

NONE = np.zeros((0, 4), np.float32)
DISCS = grid_of_discs(6, 6, 50, 18)
SHAPE = (300, 300)


def test_otsu_splits_two_groups_between_them():
    threshold, separation = otsu_threshold(np.array([0.0] * 50 + [10.0] * 50))
    assert 0 <= threshold < 10
    assert separation == pytest.approx(1.0, abs=0.02)


def test_otsu_looks_only_at_the_values_it_is_given_and_never_at_masked_zeros():
    rng = np.random.default_rng(0)
    plants, ground = rng.normal(180, 8, 3000), rng.normal(100, 8, 3000)
    valid_only, _ = otsu_threshold(np.concatenate([plants, ground]))
    with_masked, _ = otsu_threshold(np.concatenate([plants, ground, np.zeros(60_000)]))
    assert 120 < valid_only < 160
    assert with_masked < 100  # what a masked picture would give: everything valid on one side


@pytest.mark.parametrize("values", [[], [3.0], [3.0, 3.0, 3.0]], ids=["none", "one", "all alike"])
def test_otsu_separates_nothing_where_there_is_nothing_to_separate(values):
    assert otsu_threshold(np.array(values, float))[1] == 0


def test_leaf_is_learnt_from_the_plants_whatever_their_colour():
    for plant, ground in ((LEAF, SOIL), (PALE, SOIL), ((150, 90, 150), GREY), (GREY, PALE)):
        picture = painted(SHAPE, DISCS, plant, ground)
        seen = detections_of(DISCS[:30]).boxes  # six stand there unseen
        leaf = segment_by_colour_model(picture, np.ones(SHAPE, np.bool_), seen, NONE)
        truth = painted(SHAPE, DISCS, (255, 255, 255), (0, 0, 0))[..., 0] > 128
        assert leaf.separation > 0.55
        assert (leaf.mask == truth).mean() > 0.97


def test_plants_that_look_like_their_ground_give_no_leaf():
    picture = painted(SHAPE, DISCS, SOIL, SOIL)
    leaf = segment_by_colour_model(picture, np.ones(SHAPE, np.bool_), detections_of(DISCS[:30]).boxes, NONE)
    assert leaf.separation == 0
    assert not leaf.mask.any()


def test_leaf_that_would_make_plants_of_empty_pots_is_not_believed():
    picture = painted(SHAPE, DISCS, LEAF, SOIL)
    # The detector says that these green discs are empty pots: then green is no sign of a plant here.
    leaf = segment_by_colour_model(
        picture, np.ones(SHAPE, np.bool_), detections_of(DISCS[:18]).boxes, detections_of(DISCS[18:]).boxes
    )
    assert not leaf.mask.any()


def test_a_closed_green_canopy_is_leaf_though_no_ground_is_seen():
    picture = painted(SHAPE, [], LEAF, LEAF)
    leaf = segment_by_colour_model(picture, np.ones(SHAPE, np.bool_), detections_of(DISCS[:20]).boxes, NONE)
    assert leaf.mask.mean() > 0.95


def test_leaf_stays_inside_the_container():
    valid = np.zeros(SHAPE, np.bool_)
    valid[:150] = True
    picture = painted(SHAPE, DISCS)
    for leaf in (
        segment_by_colour_model(picture, valid, detections_of(DISCS[:15]).boxes, NONE),
        segment_by_excess_green(picture, valid),
    ):
        assert leaf.mask[:150].any()
        assert not leaf.mask[150:].any()


@pytest.mark.parametrize("surroundings", [SOIL, LEAF, (0, 0, 0)], ids=["soil", "leaf", "black"])
def test_what_lies_around_a_container_changes_nothing_in_it(surroundings):
    inner = painted(SHAPE, DISCS)
    picture = np.full((900, 900, 3), surroundings, np.uint8)
    picture[300:600, 300:600] = inner
    valid = np.zeros((900, 900), np.bool_)
    valid[300:600, 300:600] = True
    seen = detections_of(DISCS[:30])
    alone = segment_by_colour_model(inner, np.ones(SHAPE, np.bool_), seen.boxes, NONE)
    within = segment_by_colour_model(picture, valid, seen.shifted(300, 300).boxes, NONE)
    assert within.separation == pytest.approx(alone.separation, abs=0.02)
    assert (within.mask[300:600, 300:600] == alone.mask).mean() > 0.995
    by_rule = segment_by_excess_green(picture, valid)
    assert by_rule.separation == pytest.approx(
        segment_by_excess_green(inner, np.ones(SHAPE, np.bool_)).separation, abs=0.001
    )


def test_too_few_examples_teach_nothing():
    picture = painted(SHAPE, DISCS)
    assert segment_by_colour_model(picture, np.ones(SHAPE, np.bool_), NONE, NONE).separation == 0


def test_without_examples_leaf_is_what_is_green():
    picture = painted(SHAPE, DISCS)
    leaf = segment_by_excess_green(picture, np.ones(SHAPE, np.bool_))
    truth = painted(SHAPE, DISCS, (255, 255, 255), (0, 0, 0))[..., 0] > 128
    assert (leaf.mask == truth).mean() > 0.97
    assert not segment_by_excess_green(painted(SHAPE, []), np.ones(SHAPE, np.bool_)).mask.any()
    assert (
        segment_by_excess_green(painted(SHAPE, [], LEAF, LEAF), np.ones(SHAPE, np.bool_)).mask.mean() > 0.95
    )


def test_soil_is_not_leaf_coloured_and_a_green_leaf_is():
    assert is_leaf_coloured(np.full((2, 2, 3), LEAF, np.uint8)).all()
    assert not is_leaf_coloured(np.full((2, 2, 3), SOIL, np.uint8)).any()
