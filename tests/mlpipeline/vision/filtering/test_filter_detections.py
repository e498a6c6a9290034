import numpy as np
import pytest

from mlpipeline.vision.filtering.filter_detections import filter_detections
from mlpipeline.vision.results import Detections
from tests.mlpipeline.vision.count_options import make_options
from tests.mlpipeline.vision.synthetic_images import detections_of, grid_of_discs

SHAPE = (400, 800)
PLANT, EMPTY = 0, 2
POTS = grid_of_discs(9, 9, 40, 14)


def filtered(found, **options):
    return filter_detections(dict(enumerate(found)), SHAPE, make_options(**options))


def kept_in(found, **options):
    return list(filtered(found, **options).kept.values())


def test_nothing_is_left_out_of_a_bed_that_is_seen_surely():
    found = [detections_of(POTS), detections_of([(x + 400, y, r) for x, y, r in POTS])]
    assert [len(part) for part in kept_in(found)] == [81, 81]


def test_a_pot_under_a_plant_below_the_threshold_is_an_empty_pot():
    """Crumbs in five of the pots: they are no plants, so the pots are empty."""
    crumbs = detections_of([(x, y, 12) for x, y, _ in POTS[:5]], PLANT, 0.25)
    found = Detections.concat([detections_of(POTS, EMPTY, 0.8), crumbs])
    (kept,) = kept_in([found])
    assert (len(kept.plants), len(kept.empties)) == (0, 81)


def test_a_pot_under_a_plant_that_counts_is_its_pot():
    plants = detections_of([(x, y, 12) for x, y, _ in POTS[:5]], PLANT, 0.9)
    found = Detections.concat([detections_of(POTS, EMPTY, 0.8), plants])
    (kept,) = kept_in([found])
    assert (len(kept.plants), len(kept.empties)) == (5, 76)


def test_each_detection_is_left_out_for_one_reason_at_its_own_place():
    """A double in the second container, a plant with a low score and a planted pot in the first: three masks in one."""
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
    result = filtered([first, second])
    assert [mask.tolist() for mask in result.removed.values()] == [[False, True, False, True], [False, True]]
    assert result.suppressed_low_score.scores.tolist() == pytest.approx([0.01])


def test_a_photo_without_containers_is_left_alone():
    assert kept_in([]) == []
    assert [len(part) for part in kept_in([Detections.empty()])] == [0]


def test_a_container_that_could_not_be_looked_into_is_absent_and_the_others_keep_their_index():
    result = filter_detections({1: detections_of(POTS)}, SHAPE, make_options())
    assert (list(result.kept), list(result.removed)) == ([1], [1])
    assert len(result.kept[1]) == len(POTS)


def test_the_answer_does_not_depend_on_the_order_in_which_containers_were_looked_into():
    """A plant on the line between two containers was detected in both, and equally well."""
    left, right = (
        detections_of([(100, 100, 20), (398, 200, 20)]),
        detections_of([(402, 200, 20), (600, 200, 20)]),
    )
    one = filter_detections({0: left, 1: right}, SHAPE, make_options())
    other = filter_detections({1: right, 0: left}, SHAPE, make_options())
    for result in (one, other):
        assert [len(result.kept[index]) for index in (0, 1)] == [2, 1]
    assert list(other.kept) == [0, 1]


def test_warnings_stay_with_their_container():
    found = [detections_of(POTS), detections_of([(600, 200, 20)]).warned("truncated")]
    assert [part.warnings for part in kept_in(found)] == [(), ("truncated",)]


@pytest.mark.parametrize(("border_share", "left"), [(0.25, 9), (0.9, 8)])
def test_plants_cut_by_the_border_count_from_the_share_that_the_nursery_names(border_share, left):
    cut = Detections(np.array([[0, 200, 20, 240]], np.float32), np.array([0.8]), np.array([PLANT]))
    found = Detections.concat([detections_of(grid_of_discs(2, 4, 80, 20, corner=(60, 0))), cut])
    assert [len(part) for part in kept_in([found], border_share=border_share)] == [left]
