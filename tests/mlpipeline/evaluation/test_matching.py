import time

import numpy as np
import pytest

from mlpipeline.evaluation import matching
from mlpipeline.evaluation.matching import match
from mlpipeline.vision.errors import InvalidInput


def matched(points, scores, boxes, **options):
    return match(
        np.array(points, np.float32).reshape(-1, 2),
        np.array(scores, np.float32),
        np.array(boxes, np.float32).reshape(-1, 4),
        **options,
    )


def matched_one_by_one(points, scores, boxes):
    """The same rule, point by point: what the fast way must agree with."""
    middles, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
    free = np.ones(len(boxes), bool)
    answer = np.full(len(points), -1)
    for place in np.argsort(-scores, kind="stable"):
        holds = free & (np.abs(points[place] - middles) <= half).all(axis=1)
        if holds.any():
            distance = np.where(holds, ((points[place] - middles) ** 2).sum(axis=1), np.inf)
            answer[place] = distance.argmin()
            free[answer[place]] = False
    return answer


def test_a_point_in_a_box_is_that_plant_and_one_beside_it_is_none():
    found = matched([[10, 10], [40, 10]], [0.9, 0.8], [[0, 0, 20, 20]])
    assert found.point_truth.tolist() == [0, -1]
    assert found.truth_point.tolist() == [0]
    assert (found.true_positives, found.false_positives, found.false_negatives) == (1, 1, 0)


def test_a_plant_is_found_once_by_the_surest_point():
    found = matched([[9, 10], [10, 10]], [0.5, 0.9], [[0, 0, 20, 20]])
    assert found.is_hit.tolist() == [False, True]
    assert found.precision == 0.5
    assert found.recall == 1.0


def test_of_two_plants_a_point_is_the_one_whose_middle_is_nearer():
    assert matched([[14, 10]], [0.9], [[0, 0, 20, 20], [6, 0, 26, 20]]).point_truth.tolist() == [1]


def test_a_plant_that_is_taken_leaves_the_next_point_its_neighbour():
    boxes = [[0, 0, 20, 20], [6, 0, 26, 20]]
    assert matched([[14, 10], [15, 10]], [0.9, 0.8], boxes).point_truth.tolist() == [1, 0]


def test_the_reach_is_stated_in_shares_of_the_box():
    assert matched([[22, 10]], [0.9], [[0, 0, 20, 20]]).true_positives == 0
    assert matched([[22, 10]], [0.9], [[0, 0, 20, 20]], reach=0.6).true_positives == 1


def test_a_sliver_of_a_plant_is_hit_within_two_pixels():
    assert matched([[12, 10], [13, 30]], [0.9, 0.9], [[10, 0, 11, 20], [10, 20, 11, 40]]).true_positives == 1


@pytest.mark.parametrize(
    ("points", "boxes", "expected"),
    [
        pytest.param([], [], (1.0, 1.0, 1.0), id="nothing there and nothing said"),
        pytest.param([[5, 5]], [], (0.0, 1.0, 0.0), id="a plant seen on an empty bed"),
        pytest.param([], [[0, 0, 9, 9]], (1.0, 0.0, 0.0), id="a plant missed"),
    ],
)
def test_rates_are_defined_where_there_is_nothing_to_divide_by(points, boxes, expected):
    found = matched(points, [0.5] * len(points), boxes)
    assert (found.precision, found.recall, found.f1) == expected


@pytest.mark.parametrize("at_once", [1_000_000, 500, 1])
@pytest.mark.parametrize("seed", range(3))
def test_the_fast_matching_agrees_with_point_by_point(seed, at_once, monkeypatch):
    monkeypatch.setattr(matching, "_CANDIDATE_CHUNK", at_once)
    rng = np.random.default_rng(seed)
    corner, size = rng.uniform(0, 300, (150, 2)), rng.uniform(6, 60, (150, 2))
    boxes = np.concatenate([corner, corner + size], axis=1).astype(np.float32)
    points = rng.uniform(0, 340, (200, 2)).astype(np.float32)
    scores = rng.choice([0.3, 0.5, 0.7, 0.9], 200).astype(np.float32)
    expected = matched_one_by_one(points, scores, boxes)
    assert match(points, scores, boxes).point_truth.tolist() == expected.tolist()


def test_two_thousand_plants_are_matched_in_milliseconds():
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, [4000, 3000], (2000, 2))
    boxes = np.concatenate([corner, corner + 70], axis=1).astype(np.float32)
    points, scores = (corner + rng.normal(35, 5, (2000, 2))).astype(np.float32), rng.uniform(0, 1, 2000)
    match(points, scores, boxes)
    start = time.process_time()
    found = match(points, scores, boxes)
    # Some 5 ms on an idle core; the limit leaves room for a busy machine and fails on a loop over all pairs.
    assert time.process_time() - start < 0.1
    assert found.recall > 0.9


@pytest.mark.parametrize(
    ("points", "scores", "reach"),
    [
        pytest.param(np.zeros((2, 3)), np.zeros(2), 0.5, id="points in space"),
        pytest.param(np.zeros((2, 2)), np.zeros(1), 0.5, id="a point without a score"),
        pytest.param(np.zeros((2, 2)), np.zeros(2), 0.0, id="no reach at all"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(points, scores, reach):
    with pytest.raises(InvalidInput):
        match(points, scores, np.zeros((0, 4), np.float32), reach=reach)
