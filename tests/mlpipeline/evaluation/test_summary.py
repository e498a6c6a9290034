import json
import math

import numpy as np
import pytest

from mlpipeline.evaluation.container_iou import compare_outlines
from mlpipeline.evaluation.ground_truth import ContainerTruth, PhotoTruth
from mlpipeline.evaluation.matching import match
from mlpipeline.evaluation.photo_metrics import dead_hits, fill_bins, match_plants
from mlpipeline.evaluation.records import BINS, OURS, SAHI, BinRecord, ContainerRecord
from mlpipeline.evaluation.summary import (
    calibration_error,
    sum_up_bins,
    sum_up_class,
    sum_up_intervals,
    sum_up_outlines,
    sum_up_way,
)
from mlpipeline.vision.results import DEAD, PLANT, Container, Detections
from tests.mlpipeline.evaluation.photos import NO_BINS, record, way


def rectangle(x0, y0, x1, y1):
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)


def test_errors_are_averaged_over_photos_without_and_with_their_sign():
    found = sum_up_way([record(true=100, ours=110), record(true=200, ours=190)], OURS)
    assert found.mape == pytest.approx(0.075)
    assert found.bias == pytest.approx(0.025)
    assert found.sum_error == pytest.approx(0)


def test_a_photo_without_plants_has_no_percentage_but_plants_seen():
    found = sum_up_way([record(true=0, ours=3), record(true=10, ours=9)], OURS)
    assert found.mape == pytest.approx(0.1)
    assert found.counted == 9
    assert (found.empty_photos, found.detected_on_empty) == (1, 3)


def test_where_nothing_was_counted_a_figure_is_not_a_number():
    found = sum_up_way([record(true=0, ours=0)], OURS)
    assert math.isnan(found.mape)
    assert math.isnan(found.f1)
    assert sum_up_way([record()], SAHI).photos == 0


def test_rates_are_those_of_all_points_together():
    found = sum_up_way([record(ours=way(10, 8, 2, 0)), record(ours=way(10, 2, 8, 10))], OURS)
    assert found.precision == pytest.approx(0.5)
    assert found.recall == pytest.approx(0.5)
    assert found.f1 == pytest.approx(0.5)


def test_classes_that_the_truth_does_not_tell_are_left_out():
    found = sum_up_class([(4, 6), None, (6, 4)])
    assert (found.photos, found.true, found.counted) == (2, 10, 10)
    assert found.mean_error == 2
    assert found.sum_error == 0
    assert math.isnan(found.precision), "how many are named says nothing about which"


def test_of_dead_plants_those_count_as_right_that_were_named_where_they_stand():
    boxes = np.array([[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]], np.float32)
    truth = PhotoTruth("easy", 3, boxes, np.array([True, True, False]), np.zeros(3, np.bool_), dead=2)
    plants = Detections(
        np.concatenate([boxes, [[80, 0, 90, 10]]]), np.full(4, 0.9), [DEAD, PLANT, DEAD, DEAD]
    )
    hits = dead_hits(plants, match_plants(plants, truth), truth)
    found = sum_up_class([(2, 3)], hits)
    assert (found.precision, found.recall) == (pytest.approx(1 / 3), pytest.approx(1 / 2))


def test_intervals_cover_what_they_hold_ends_included():
    records = [
        record(true=100, interval=(100, 120)),
        record(true=100, interval=(80, 99)),
        record(true=10, interval=(8, 12)),
        record(true=10),
    ]
    found = sum_up_intervals(records)
    assert found.photos == 3
    assert found.coverage == pytest.approx(2 / 3)
    assert found.mean_width == pytest.approx((0.20 + 0.19 + 4 / 20) / 3)


def test_without_intervals_nothing_is_said_of_them():
    assert sum_up_intervals([record()]) is None


def test_detections_are_sorted_into_bins_by_their_probability():
    boxes = np.array([[0, 0, 10, 10], [20, 0, 30, 10]], np.float32)
    matching = match(np.array([[5, 5], [90, 90], [25, 5]]), np.array([0.95, 0.92, 0.31]), boxes)
    bins = fill_bins(np.array([0.95, 1.0, 0.31], np.float32), matching)
    assert len(bins) == BINS
    assert (bins[9].count, bins[9].hits) == (2, 1)
    assert (bins[3].count, bins[3].hits) == (1, 1)
    assert bins[9].probability_sum == pytest.approx(1.95)


def test_the_calibration_error_weighs_each_detection_the_same():
    bins = list(NO_BINS)
    bins[9] = BinRecord(30, 28.5, 24)  # said .95, true .80
    bins[4] = BinRecord(10, 4.5, 5)  # said .45, true .50
    summed = sum_up_bins([record(bins=tuple(bins))])
    assert summed[9].true == pytest.approx(0.8)
    assert calibration_error(summed) == pytest.approx((30 * 0.15 + 10 * 0.05) / 40)


def test_a_container_is_right_where_its_outline_and_its_type_are():
    truth = [
        ContainerTruth("box", rectangle(0, 0, 100, 100)),
        ContainerTruth("plug", rectangle(200, 0, 300, 100)),
    ]
    found = [
        Container("box", rectangle(0, 0, 100, 90), 0.9),
        Container("segment", rectangle(200, 0, 300, 100), 0.9),
        Container("box", rectangle(320, 200, 380, 260), 0.9),
    ]
    records, strange = compare_outlines(truth, found, (300, 400))
    assert records[0].iou == pytest.approx(0.9, abs=0.02)
    assert records[1].iou == 0
    assert strange == 1


def test_one_found_container_stands_for_one_true_one():
    truth = [
        ContainerTruth("box", rectangle(0, 0, 100, 100)),
        ContainerTruth("box", rectangle(0, 0, 100, 95)),
    ]
    records, _ = compare_outlines(truth, [Container("box", rectangle(0, 0, 100, 100), 0.9)], (300, 400))
    assert [one.iou for one in records] == [1.0, 0.0]


def test_the_assumed_whole_picture_was_not_found():
    truth = [ContainerTruth("segment", rectangle(0, 0, 400, 300))]
    records, strange = compare_outlines(
        truth, [Container("segment", rectangle(0, 0, 400, 300), 0.0)], (300, 400)
    )
    assert (records[0].iou, strange) == (0.0, 0)


def test_containers_are_summed_up_by_type():
    containers = (ContainerRecord("box", 0.9), ContainerRecord("box", 0.5), ContainerRecord("plug", 0.86))
    found, strange = sum_up_outlines([record(containers=containers, strange_containers=2), record()])
    assert [(one.type, one.true, one.right) for one in found] == [("box", 2, 1), ("plug", 1, 1)]
    assert strange == 2


def test_a_record_is_plain_json_without_numbers_that_json_does_not_know():
    values = record(true=0, ours=2, plant_px=math.nan, crowding=math.nan, dead=(0, 0)).as_json()
    assert json.loads(json.dumps(values, allow_nan=False))["plant_px"] is None
    assert values["ours"]["error"] is None
