import numpy as np
import pytest

from mlpipeline.evaluation.merge_benchmark import RATIOS, CrowdCount, count_chosen, mean_error, worst_error
from mlpipeline.evaluation.synthetic_crowds import CROWD_SHAPE, detect_in_crowd, plant_crowd
from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.imaging.tiles import Tile


def test_a_crowd_has_every_plant_in_the_picture_and_the_asked_width():
    crowd = plant_crowd(0.8, 3)
    assert len(crowd) == 1530
    assert (crowd.boxes >= 0).all()
    assert (crowd.boxes[:, 2:] <= [CROWD_SHAPE[1], CROWD_SHAPE[0]]).all()
    inner = crowd.boxes[(crowd.boxes[:, 0] > 0) & (crowd.boxes[:, 1] > 0)]
    assert float(np.median(inner[:, 2] - inner[:, 0])) / 88.6 == pytest.approx(0.8, abs=0.02)


def test_a_plant_without_a_width_is_refused():
    with pytest.raises(InvalidInput):
        plant_crowd(0, 1)


def test_a_tile_shows_whole_plants_and_those_of_which_a_third_lies_in_it():
    crowd = plant_crowd(0.8, 1, rows=1, columns=4, shape=(100, 400))
    _, seen = detect_in_crowd(crowd, [Tile(0, 0, 150)], 0)[0]
    assert len(seen) == 2  # the second plant, at x ≈ 150, shows about half
    assert float(seen.boxes[:, 2].max()) <= 150
    _, fewer = detect_in_crowd(crowd, [Tile(0, 0, 130)], 0)[0]
    assert len(fewer) == 1


@pytest.mark.parametrize("ratio", RATIOS)
def test_merging_counts_a_crowd_within_half_a_percent_where_the_tiler_chooses_the_overlap(ratio):
    crowd = plant_crowd(ratio, seed=11)
    assert abs(count_chosen(crowd, 11) - len(crowd)) <= 0.005 * len(crowd)


def test_errors_are_summed_up_by_way_and_width():
    counts = [
        CrowdCount("ours", 0.8, 0, 100, 101),
        CrowdCount("ours", 0.8, 1, 100, 97),
        CrowdCount("nms", 0.8, 0, 100, 150),
    ]
    assert mean_error(counts, "ours", 0.8) == pytest.approx(-0.01)
    assert worst_error(counts, "ours") == pytest.approx(-0.03)
