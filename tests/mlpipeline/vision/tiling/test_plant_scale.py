import numpy as np
import pytest

from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.results import Detections
from mlpipeline.vision.tiling.plant_scale import (
    PlantSizes,
    best_scale,
    in_trained_range,
    measure_sizes,
    split_by_scale,
    target_px,
)

TRAINED = (10.0, 160.0)


def sizes(low, median, high):
    return PlantSizes(50, low, median, high, high)


def squares(side, rows):
    side, rows = np.broadcast_arrays(np.asarray(side, float), np.asarray(rows, float))
    x = np.arange(len(rows)) * 5.0
    boxes = np.stack([x, rows - side / 2, x + side, rows + side / 2], axis=1)
    return Detections(boxes, np.full(len(rows), 0.9), np.zeros(len(rows)))


def test_the_target_is_as_many_times_the_least_as_the_most_is_of_it():
    assert target_px(TRAINED) == 40


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(sizes(70, 80, 100), 0.5, id="80 px plants are halved to 40"),
        pytest.param(sizes(18, 20, 25), 2.0, id="20 px plants are doubled"),
        pytest.param(sizes(5, 6, 7), 4.0, id="no picture is enlarged more than four times"),
        pytest.param(
            sizes(10, 80, 100), 1.0, id="small plants among large ones are kept in the trained range"
        ),
        pytest.param(sizes(60, 80, 640), 0.25, id="and large ones among small ones"),
        pytest.param(
            sizes(5, 80, 320), 1.0, id="both cannot be had: 2 × floor and half the ceiling meet in between"
        ),
    ],
)
def test_the_scale_brings_plants_to_what_was_trained(seen, expected):
    assert best_scale(seen, TRAINED, 4.0) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(sizes(30, 40, 60), True, id="about the target"),
        pytest.param(sizes(11, 20, 30), False, id="half of it"),
        pytest.param(sizes(8, 40, 60), False, id="some below the trained range"),
        pytest.param(sizes(30, 40, 170), False, id="some above it"),
    ],
)
def test_a_sight_in_trained_range_when_nearly_all_plants_are_of_trained_size(seen, expected):
    assert in_trained_range(seen, TRAINED) is expected


def test_nothing_has_no_size_and_empty_pots_do_for_plants_that_are_few():
    assert measure_sizes(Detections.empty()) is None
    pots = Detections(np.array([[0, 0, 20, 20]] * 9), np.full(9, 0.8), np.full(9, 2))
    assert measure_sizes(pots).median_px == 20


def test_perspective_splits_a_container_where_far_plants_are_much_smaller():
    found = squares([20] * 20 + [60] * 20, list(range(0, 200, 10)) + list(range(400, 600, 10)))
    upper, lower = split_by_scale(found, 0, 600, measure_sizes(found))
    assert (upper.sizes.median_px, lower.sizes.median_px) == (20, 60)
    assert upper.y1 == lower.y0
    assert (upper.y0, lower.y1) == (0, 600)


def test_a_mild_perspective_or_few_plants_are_one_zone():
    mild = squares([40] * 20 + [50] * 20, range(0, 400, 10))
    few = squares([20] * 4 + [60] * 4, range(0, 80, 10))
    assert len(split_by_scale(mild, 0, 400, measure_sizes(mild))) == 1
    assert len(split_by_scale(few, 0, 400, measure_sizes(few))) == 1


def test_a_trained_range_that_does_not_ascend_is_refused():
    with pytest.raises(InvalidInput):
        target_px((50.0, 50.0))
