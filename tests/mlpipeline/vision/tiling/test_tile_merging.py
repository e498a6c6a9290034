import time

import numpy as np
import pytest

from mlpipeline.vision.geometry.boxes import iou
from mlpipeline.vision.imaging.tiles import Tile
from mlpipeline.vision.results import Detections
from mlpipeline.vision.tiling.tile_merging import cross_tile_nms, merge_tiles, touches_tile_edge


def part(boxes, scores=None, classes=None):
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    scores = np.full(len(boxes), 0.5) if scores is None else np.array(scores)
    return Detections(boxes, scores, np.zeros(len(boxes)) if classes is None else np.array(classes))


def merged_one_by_one(parts, threshold):
    """The same rules, box by box: what the fast way must agree with."""
    together = Detections.concat(parts)
    origin = np.repeat(np.arange(len(parts)), [len(one) for one in parts])
    kept = []
    for place in np.argsort(-together.scores, kind="stable").tolist():
        box = together.boxes[place][None]
        rivals = [other for other in kept if origin[other] != origin[place]]
        if not rivals or iou(box, together.boxes[rivals]).max() < threshold:
            kept.append(place)
    return together.boxes[kept]


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        pytest.param([10, 10, 30, 30], False, id="in the middle"),
        pytest.param([1, 10, 30, 30], True, id="at the left edge, which is inner"),
        pytest.param([10, 10, 30, 99], True, id="at the lower edge, which is inner"),
        pytest.param([10, 0, 30, 30], False, id="at the upper edge, which is the picture's"),
    ],
)
def test_a_box_is_cut_where_it_reaches_an_inner_edge_of_its_tile(box, expected):
    boxes = part([box]).shifted(100, 0).boxes
    assert touches_tile_edge(boxes, Tile(100, 0, 100), (400, 400), 2.0).tolist() == [expected]


def test_nothing_merges_to_nothing():
    assert len(cross_tile_nms([])) == 0
    assert len(cross_tile_nms([Detections.empty(), Detections.empty()])) == 0


def test_a_plant_seen_by_two_tiles_is_one_and_the_surer_sight_of_it_stays():
    result = cross_tile_nms([part([[0, 0, 20, 20]], [0.6], [0]), part([[1, 1, 21, 21]], [0.8], [1])])
    assert result.boxes.tolist() == [[1, 1, 21, 21]]
    assert result.classes.tolist() == [1]


def test_canopies_that_overlap_within_one_tile_are_not_merged():
    crowded = [[0, 0, 20, 20], [4, 0, 24, 20], [8, 0, 28, 20]]
    assert len(cross_tile_nms([part(crowded), part([[200, 200, 220, 220]])])) == 4


def test_a_suppressed_box_suppresses_nothing():
    a, b, c = [0, 0, 20, 20], [6, 0, 26, 20], [12, 0, 32, 20]  # a–b and b–c overlap by 14/26, a–c by 8/32
    result = cross_tile_nms([part([a], [0.9]), part([b], [0.8]), part([c], [0.7])])
    assert result.boxes.tolist() == [a, c]


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("seed", range(3))
def test_the_fast_merge_agrees_with_box_by_box(seed, threshold):
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(6):
        corner = rng.uniform(0, 300, (60, 2))
        size = 40 * 2 ** rng.uniform(-2, 1, (60, 2))
        parts.append(part(np.concatenate([corner, corner + size], axis=1), rng.uniform(0.3, 1, 60)))
    assert np.array_equal(cross_tile_nms(parts, threshold).boxes, merged_one_by_one(parts, threshold))


def test_forty_thousand_boxes_are_merged_in_well_under_a_second():
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, [8000, 6000], (20_000, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(18, 26, (20_000, 2))], axis=1)
    parts = [part(boxes[k::50] + shift, rng.uniform(0.3, 1, 400)) for shift in (0, 0.7) for k in range(50)]
    cross_tile_nms(parts[:2])
    start = time.process_time()
    result = cross_tile_nms(parts)
    # 40 ms on an idle core; the limit leaves room for a busy machine and still fails on anything quadratic.
    assert time.process_time() - start < 0.5
    assert 19_000 < len(result) <= 20_400


def seen_by_two_tiles(left, right):
    """What two tiles of 100 px saw that overlap from x = 60 to x = 100."""
    return merge_tiles([(Tile(0, 0, 100), left), (Tile(60, 0, 100), right)], (100, 160), 100)


def test_of_a_plant_whose_cut_box_ends_short_of_the_edge_the_whole_sight_stays():
    cut, whole = part([[76, 20, 96, 60]], [0.9]), part([[77, 20, 117, 60]], [0.6])
    assert seen_by_two_tiles(cut, whole).boxes.tolist() == [[77, 20, 117, 60]]


def test_a_small_whole_box_near_an_edge_that_nobody_covers_stays():
    assert len(seen_by_two_tiles(part([[76, 20, 96, 60]]), part([[100, 20, 140, 60]]))) == 2


def test_neighbours_near_an_edge_whose_canopies_overlap_by_half_are_two_plants():
    assert len(seen_by_two_tiles(part([[54, 20, 94, 60]], [0.9]), part([[74, 20, 114, 60]], [0.6]))) == 2


def test_united_detections_come_best_score_first_wherever_they_lie():
    united_scores = seen_by_two_tiles(
        part([[56, 20, 96, 60]], [0.9]), part([[120, 20, 150, 60]], [0.6])
    ).scores
    assert united_scores.tolist() == pytest.approx([0.9, 0.6])
