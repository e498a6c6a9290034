import pytest

from mlpipeline.vision.results import Detections
from mlpipeline.vision.verdicts import verdicts_on

from .nursery import detections_of, grid_of_discs, rectangle

LEFT, RIGHT = rectangle("box", 0, 0, 400, 400), rectangle("box", 400, 0, 800, 400)
PLANT, EMPTY = 0, 2
POTS = grid_of_discs(9, 9, 40, 14)


def test_nothing_is_left_out_of_a_bed_that_is_seen_surely():
    found = [detections_of(POTS), detections_of([(x + 400, y, r) for x, y, r in POTS])]
    assert [len(part) for part in verdicts_on(found, [LEFT, RIGHT], 0.5).counting] == [81, 81]


def test_a_pot_under_a_doubted_plant_is_an_empty_pot():
    """Crumbs in five of the pots: they are no plants, so the pots are empty."""
    crumbs = detections_of([(x, y, 12) for x, y, _ in POTS[:5]], PLANT, 0.25)
    found = Detections.concat([detections_of(POTS, EMPTY, 0.8), crumbs])
    (kept,) = verdicts_on([found], [LEFT], 0.5).counting
    assert (len(kept.plants), len(kept.empties)) == (0, 81)


def test_a_pot_under_a_plant_that_counts_is_its_pot():
    plants = detections_of([(x, y, 12) for x, y, _ in POTS[:5]], PLANT, 0.9)
    found = Detections.concat([detections_of(POTS, EMPTY, 0.8), plants])
    (kept,) = verdicts_on([found], [LEFT], 0.5).counting
    assert (len(kept.plants), len(kept.empties)) == (5, 76)


def test_each_detection_is_left_out_for_one_reason_at_its_own_place():
    """A double in the second container, a doubted plant and a planted pot in the first: three masks in one."""
    first = Detections.concat(
        [
            detections_of([(395, 200, 20)], PLANT, 0.9),
            detections_of([(50, 50, 20)], PLANT, 0.01),
            detections_of([(200, 200, 20)], PLANT, 0.9),
            detections_of([(200, 200, 24)], EMPTY, 0.6),
        ]
    )
    second = Detections.concat(
        [detections_of([(600, 200, 20)], PLANT, 0.9), detections_of([(397, 200, 20)], PLANT, 0.8)]
    )
    verdicts = verdicts_on([first, second], [LEFT, RIGHT], 0.5)
    assert [mask.tolist() for mask in verdicts.left_out] == [[False, True, False, True], [False, True]]
    assert verdicts.doubted.scores.tolist() == pytest.approx([0.01])


def test_a_photo_without_containers_is_left_alone():
    assert verdicts_on([], [], 0.5).counting == []
    assert [len(part) for part in verdicts_on([Detections.empty()], [LEFT], 0.5).counting] == [0]
