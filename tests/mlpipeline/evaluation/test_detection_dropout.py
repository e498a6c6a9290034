import numpy as np
import pytest

from mlpipeline.evaluation.detection_dropout import (
    DROP_METHODS,
    drop_detections,
    mean_errors,
    perfect_count,
    thinned,
)
from mlpipeline.evaluation.ground_truth import label_truth, scene_truth
from mlpipeline.evaluation.records import BANDS, DETECTIONS
from mlpipeline.evaluation.report_tables import drop_tables
from mlpipeline.vision.results import EMPTY, Detections
from tests.mlpipeline.vision.count_options import make_options
from tests.mlpipeline.vision.synthetic_images import grid_of_discs, painted

SHAPE = (400, 600)


def bed():
    """A bed of 96 plants that do not touch, with its truth."""
    discs = grid_of_discs(8, 12, 44, 15, corner=(36, 24), jitter=0.05)
    plants = [{"box": [x - r, y - r, x + r, y + r], "alive": True} for x, y, r in discs]
    outline = [[30, 18], [570, 18], [570, 382], [30, 382]]
    container = {"type": "segment", "polygon": outline, "empty_cells": 0}
    return painted(SHAPE, discs), scene_truth({"plants": plants, "containers": [container]}, "easy", SHAPE)


def test_the_share_asked_for_is_taken_from_the_plants_and_never_from_the_pots():
    boxes = np.tile(np.array([0, 0, 5, 5], np.float32), (50, 1))
    classes = np.array([0] * 40 + [EMPTY] * 10)
    left = thinned(Detections(boxes, np.full(50, 0.5), classes), 0.25, np.random.default_rng(0))
    assert len(left.plants) == 30
    assert len(left.empties) == 10


def test_a_detector_without_fault_finds_everything_that_shows():
    _, truth = bed()
    count = perfect_count(truth, SHAPE)
    assert (count.detected, count.estimated) == (96, 0)


def test_where_only_plants_are_labelled_the_whole_picture_holds_them():
    truth = label_truth("0 0.1 0.5 0.05 0.05\n1 0.6 0.5 0.05 0.05\n2 0.9 0.5 0.05 0.05\n", "bench", SHAPE)
    assert truth.containers is None
    count = perfect_count(truth, SHAPE)
    assert (count.detected, count.dead, count.empty) == (2, 1, 1)
    image = painted(SHAPE, [])
    (found,) = drop_detections("a.jpg", image, count, truth.total, "bench", [0.5], make_options())
    assert found.totals == {DETECTIONS: 1, BANDS: 1}


def test_the_same_detections_are_dropped_in_every_run():
    image, truth = bed()
    count = perfect_count(truth, SHAPE)
    first, second = (
        drop_detections("a.jpg", image, count, 96, "easy", [0.25], make_options()) for _ in range(2)
    )
    assert first == second
    assert first[0].totals[DETECTIONS] == 72


def test_the_estimators_give_back_plants_that_were_taken_away():
    image, truth = bed()
    (found,) = drop_detections(
        "a.jpg", image, perfect_count(truth, SHAPE), 96, "easy", [0.25], make_options()
    )
    assert set(found.totals) == set(DROP_METHODS)
    assert abs(found.error(BANDS)) < abs(found.error(DETECTIONS))


def test_errors_are_averaged_by_share_and_shown_by_kind():
    image, truth = bed()
    count = perfect_count(truth, SHAPE)
    records = drop_detections("a.jpg", image, count, 96, "easy", [0.0, 0.25], make_options())
    assert mean_errors(records, 0.25, DETECTIONS) == pytest.approx((0.25, -0.25))
    assert [len(table.rows) for table in drop_tables(records)] == [2, 1, 1]
    with pytest.raises(ValueError, match="nothing was measured"):
        mean_errors(records, 0.4, DETECTIONS)
