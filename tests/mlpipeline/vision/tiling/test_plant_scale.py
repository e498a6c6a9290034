import numpy as np

from mlpipeline.vision.results import Detections
from mlpipeline.vision.tiling.plant_scale import measure_sizes


def squares(*sides):
    side = np.array(sides, float)
    x = np.arange(len(side)) * 5.0
    boxes = np.stack([x, np.zeros(len(side)), x + side, side], axis=1)
    return Detections(boxes, np.full(len(side), 0.9), np.zeros(len(side)))


def test_sizes_are_percentiles_of_the_sides():
    sizes = measure_sizes(squares(*range(10, 111)))
    assert (sizes.count, sizes.low_px, sizes.median_px, sizes.longest_px) == (101, 20, 60, 105)
    assert (sizes * 2).median_px == 120


def test_nothing_has_no_size_and_empty_pots_do_for_plants_that_are_few():
    assert measure_sizes(Detections.empty()) is None
    pots = Detections(np.array([[0, 0, 20, 20]] * 9), np.full(9, 0.8), np.full(9, 2))
    assert measure_sizes(pots).median_px == 20
