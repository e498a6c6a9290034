import numpy as np
import pytest

from mlpipeline.vision.filtering.score_threshold import adaptive_score_threshold, below_threshold
from mlpipeline.vision.results import Detections
from tests.mlpipeline.vision.count_options import PLANT_THRESHOLDS
from tests.mlpipeline.vision.synthetic_images import detections_of, grid_of_discs

PLANT, DEAD, EMPTY = 0, 1, 2


def seen(*groups):
    """Detections (number, score, class) of things that stand apart from each other."""
    places = iter(grid_of_discs(30, 30, 40, 10))
    return Detections.concat(
        [detections_of([next(places) for _ in range(count)], kind, score) for count, score, kind in groups]
    )


def suppressed(found):
    return int(below_threshold([found], PLANT_THRESHOLDS)[0].sum())


def test_among_many_confident_plants_one_with_a_low_score_counts():
    """Others hide it; beside a few large plants it is one of their leaves."""
    assert suppressed(seen((300, 0.8, PLANT), (4, 0.3, PLANT))) == 0
    assert suppressed(seen((4, 0.8, PLANT), (4, 0.3, PLANT))) == 4


def test_among_sure_empty_pots_unsure_plants_do_not_count():
    assert suppressed(seen((35, 0.8, EMPTY), (6, 0.3, PLANT))) == 6


def test_a_sure_plant_among_empty_pots_counts():
    """A tray that is nearly sold out: the rule must not take the last plants for crumbs."""
    assert suppressed(seen((20, 0.8, EMPTY), (3, 0.75, PLANT))) == 0


def test_where_hardly_anything_is_sure_the_rest_is_doubted_and_what_is_seen_well_still_counts():
    assert suppressed(seen((2, 0.55, PLANT), (80, 0.2, PLANT), (60, 0.9, EMPTY))) == 80


def test_a_single_plant_counts_from_a_score_of_one_half():
    assert suppressed(seen((1, 0.5, PLANT))) == 0
    assert suppressed(seen((1, 0.3, PLANT))) == 1


def test_dead_plants_are_judged_like_living_ones_and_pots_not_at_all():
    assert suppressed(seen((35, 0.8, EMPTY), (2, 0.3, DEAD), (5, 0.2, EMPTY))) == 2


def test_the_photo_decides_for_all_its_containers():
    """A box with crumbs beside boxes of empty pots is one of them."""
    box, pots = seen((9, 0.6, PLANT), (6, 0.45, PLANT)), seen((200, 0.8, EMPTY))
    assert suppressed(box) == 0
    assert [int(mask.sum()) for mask in below_threshold([box, pots], PLANT_THRESHOLDS)] == [6, 0]


def test_a_pot_with_a_plant_in_it_is_no_sign_of_emptiness():
    plants = grid_of_discs(5, 5, 40, 10)
    planted = Detections.concat([detections_of(plants, score=0.6), detections_of(plants, EMPTY, 0.9)])
    assert adaptive_score_threshold([planted], PLANT_THRESHOLDS) == pytest.approx(
        adaptive_score_threshold([detections_of(plants, score=0.6)], PLANT_THRESHOLDS)
    )


def test_a_photo_without_detections_has_a_threshold_and_no_suppressed():
    assert 0 < adaptive_score_threshold([], PLANT_THRESHOLDS) < 1
    assert below_threshold([], PLANT_THRESHOLDS) == []
    assert [mask.tolist() for mask in below_threshold([Detections.empty()], PLANT_THRESHOLDS)] == [[]]


def test_a_surer_plant_is_never_doubted_before_a_less_sure_one():
    scores = np.linspace(0.05, 0.6, 60)
    places = grid_of_discs(6, 10, 40, 10)
    found = Detections.concat(
        [detections_of([place], score=score) for place, score in zip(places, scores, strict=True)]
    )
    mask = below_threshold([found], PLANT_THRESHOLDS)[0]
    assert mask.any()
    assert not mask.all()
    assert (np.diff(mask.astype(int)) <= 0).all()
