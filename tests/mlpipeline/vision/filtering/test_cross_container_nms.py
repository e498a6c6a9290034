import time

import numpy as np
import pytest

from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.filtering.cross_container_nms import duplicate_masks
from mlpipeline.vision.results import Detections
from tests.mlpipeline.vision.synthetic_beds import bed, square


def seen(*plants):
    """Detections of (x, y, score), all of 20 px."""
    boxes = np.concatenate([np.zeros((0, 4), np.float32), *(square(x, y, 20) for x, y, _ in plants)])
    return Detections(boxes, np.array([score for *_, score in plants]), np.zeros(len(plants)))


def kept(found, iou=0.5):
    masks = duplicate_masks(found, iou)
    return [part.boxes[~mask, 0].tolist() for part, mask in zip(found, masks, strict=True)]


def test_without_containers_and_without_plants_there_are_no_doubles():
    assert duplicate_masks([], 0.5) == []
    assert kept([seen(), seen((50, 50, 0.9)), seen()]) == [[], [40], []]


def test_a_plant_between_two_containers_stays_where_it_was_seen_more_surely():
    left, right = seen((20, 50, 0.9), (99, 50, 0.6)), seen((101, 50, 0.8), (180, 50, 0.5))
    assert kept([left, right]) == [[10], [91, 170]]


def test_of_equally_sure_sights_the_earlier_container_keeps_the_plant():
    assert kept([seen((99, 50, 0.7)), seen((101, 50, 0.7))]) == [[89], []]


@pytest.mark.parametrize(("step_px", "left"), [(6, 1), (7, 2)])
def test_two_boxes_are_one_plant_from_the_least_overlap(step_px, left):
    """20 px wide: moved by 6 they share 14 of 26 (.54), moved by 7 13 of 27 (.48)."""
    assert sum(map(len, kept([seen((50, 50, 0.9)), seen((50 + step_px, 50, 0.8))]))) == left


def test_neighbours_in_one_container_never_suppress_each_other():
    assert kept([seen((50, 50, 0.9), (53, 50, 0.8)), seen((200, 50, 0.9))]) == [[40, 43], [190]]


def test_a_sight_that_goes_takes_none_with_it():
    """Plant a overlaps b, b overlaps c, a does not overlap c: b goes, c stays."""
    assert kept([seen((50, 50, 0.9)), seen((56, 50, 0.8)), seen((62, 50, 0.7))]) == [[40], [], [52]]


def test_an_overlap_that_means_nothing_is_refused():
    with pytest.raises(InvalidInput):
        duplicate_masks([seen(), seen()], 0.0)


def test_a_large_bed_with_crates_in_it_and_a_second_bed_across_it_are_settled_in_a_moment():
    boxes = bed(lambda x, y: 30, step=30, to=1800)  # 3,600 plants
    across = bed(lambda x, y: 30, step=30, to=1800) + np.float32(
        15
    )  # each overlaps four of the first by a quarter
    crates = [bed(lambda x, y: 30, step=30, to=150) + np.float32(300 * place + 5) for place in range(6)]
    found = [
        Detections(part, np.full(len(part), 0.5), np.zeros(len(part))) for part in (boxes, across, *crates)
    ]
    start = time.process_time()
    assert [int(mask.sum()) for mask in duplicate_masks(found, 0.5)] == [0, 0] + [25] * 6
    assert time.process_time() - start < 1
