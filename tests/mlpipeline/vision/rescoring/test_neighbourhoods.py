import numpy as np
import pytest

from mlpipeline.vision.rescoring.neighbourhoods import (
    COLUMNS,
    FEATURES,
    GROUPS,
    HIGH,
    NEIGHBOURS,
    OTHER_SCORE,
    SCORE_COLUMNS,
    neighbourhoods,
    plant_scores,
)
from mlpipeline.vision.rescoring.overlaps import overlaps
from mlpipeline.vision.results import DEAD, EMPTY, PLANT, Detections

OVERLAPS = GROUPS * FEATURES  # from this column on


def row(scores, classes=None, side=20.0, pitch=40.0):
    """Detections in a row from left to right."""
    x = pitch * np.arange(len(scores))
    sides = np.broadcast_to(side, len(scores))
    boxes = np.stack([x - sides / 2, -sides / 2, x + sides / 2, sides / 2], axis=1)
    return Detections(boxes, np.array(scores, np.float32), np.array(classes or [PLANT] * len(scores)))


def half_log_odds(score):
    return np.log(score / (1 - score)) / 2


def test_an_empty_pot_is_hardly_a_plant_and_a_dead_plant_is_one():
    scores = plant_scores(row([0.9, 0.9, 0.9, 0.05], [PLANT, DEAD, EMPTY, EMPTY]))
    np.testing.assert_allclose(scores, [0.9, 0.9, OTHER_SCORE, 0.05])


def test_what_stands_around_a_detection_is_told_without_itself():
    around = neighbourhoods(row([0.3, 0.8, 0.6], [PLANT, PLANT, EMPTY]), 0.1)
    plant, pot = half_log_odds(0.8), half_log_odds(OTHER_SCORE)
    for place in range(len(NEIGHBOURS)):
        own = around[0, place * FEATURES : (place + 1) * FEATURES]
        high = HIGH * plant + (1 - HIGH) * pot
        np.testing.assert_allclose(own, [(plant + pot) / 2, high, 0.5, 0], atol=1e-5)


def test_the_last_group_is_all_of_the_container_and_alike_for_all():
    scores = np.linspace(0.2, 0.9, 60)
    around = neighbourhoods(row(scores, [PLANT, EMPTY, EMPTY] * 20), 0.1)[:, OVERLAPS - FEATURES : OVERLAPS]
    odds = np.where(np.arange(60) % 3 == 0, half_log_odds(scores), half_log_odds(OTHER_SCORE))
    expected = [odds.mean(), np.quantile(odds, HIGH), 2 / 3, 0]
    np.testing.assert_allclose(around, np.tile(expected, (60, 1)), atol=1e-4)


def test_the_nearest_are_told_apart_from_the_part_of_the_bed_around_them():
    near, far = NEIGHBOURS
    scores = [0.3] + [0.9] * near + [0.2] * (far - near + 20)
    around = neighbourhoods(row(scores), 0.1)[0]
    assert around[0] == pytest.approx(half_log_odds(0.9), abs=1e-4)
    expected = (near * half_log_odds(0.9) + (far - near) * half_log_odds(0.2)) / far
    assert around[FEATURES] == pytest.approx(expected, abs=1e-4)


def test_a_large_one_among_small_ones_is_larger():
    sides = np.array([80.0, 20.0, 20.0, 20.0])
    around = neighbourhoods(row([0.5] * 4, side=sides, pitch=100), 0.1)
    np.testing.assert_allclose(around[:, 3], [np.log(4), *[-np.log(4) / 3] * 3], atol=1e-5)


def test_what_scores_too_low_is_no_neighbour_but_has_neighbours():
    around = neighbourhoods(row([0.9, 0.12, 0.8]), 0.17)
    assert around[0, 0] == pytest.approx(half_log_odds(0.8), abs=1e-4)
    assert around[1, 0] == pytest.approx(half_log_odds(0.9), abs=1e-4), (
        "of two, one is the nearest neighbour it may have"
    )


@pytest.mark.parametrize("count", [0, 1])
def test_around_one_alone_stands_nothing(count):
    np.testing.assert_array_equal(neighbourhoods(row([0.5] * count), 0.1), np.zeros((count, COLUMNS)))


def test_many_at_one_place_are_each_others_neighbours():
    count = 3 * NEIGHBOURS[-1]
    around = neighbourhoods(row([0.5] * count, pitch=0.0), 0.1)
    assert around.shape == (count, COLUMNS)
    np.testing.assert_allclose(around[:, :OVERLAPS], 0, atol=1e-6)


def test_neighbours_are_the_nearest_of_all():
    rng = np.random.default_rng(0)
    middles = rng.uniform(0, 4000, (700, 2))
    seen = Detections(
        np.concatenate([middles - 9, middles + 9], axis=1),
        rng.uniform(0.2, 0.9, 700),
        np.zeros(700, np.int16),
    )
    distances = np.linalg.norm(middles[:, None] - middles[None], axis=2)
    nearest = np.argsort(distances, axis=1)[:, 1 : NEIGHBOURS[0] + 1]
    mean = half_log_odds(seen.scores)[nearest].mean(axis=1)
    np.testing.assert_allclose(neighbourhoods(seen, 0.1)[:, 0], mean, atol=1e-4)


def test_overlaps_are_told_with_every_box_however_low_it_scores():
    seen = row([0.9, 0.6, 0.06], [PLANT, EMPTY, PLANT], pitch=10.0)
    odds = half_log_odds(np.array([0.9, OTHER_SCORE, 0.06]))
    np.testing.assert_allclose(neighbourhoods(seen, 0.2)[:, OVERLAPS:], overlaps(seen, odds), atol=1e-4)
    assert overlaps(seen, odds).shape[1] == COLUMNS - OVERLAPS
    assert set(SCORE_COLUMNS) > {OVERLAPS + 2, OVERLAPS + 4, OVERLAPS + 6}
