from dataclasses import replace

import numpy as np
import pytest

from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.estimation.capacity import MIN_UNSEEN, clamp_to_capacity, likely_capacity
from mlpipeline.vision.results import (
    OVER_CAPACITY,
    TRUNCATED,
    BandEstimate,
    ContainerCount,
    Detections,
    PhotoCount,
)
from tests.mlpipeline.vision.synthetic_images import rectangle


def band(number, estimated):
    ring = np.array([[0, 0], [9, 0], [9, 9]], np.float32)
    return BandEstimate(number, 0, 10, estimated, 90, 80, 20, (ring,), "band_based", 0.5)


def counted(detected, estimated, capacity=None, bands=(), warnings=()):
    return ContainerCount(
        container=rectangle("box", 0, 0, 90, 90),
        detections=Detections.empty(),
        bands=bands,
        detected=detected,
        estimated=estimated,
        dead=1,
        empty=2,
        capacity=capacity,
        warnings=warnings,
    )


@pytest.mark.parametrize(
    ("detected", "estimated", "capacity", "units", "left"),
    [
        (0, 0, None, 40, 0),
        (30, 5, None, None, 5),
        (30, 5, None, 40, 5),
        (30, 10, None, 40, 10),
        (30, 11, None, 40, 10),
        (30, 11, 35, None, 5),
        (30, 11, 35, 40, 5),
        (30, 11, 50, 40, 10),
        (40, 3, None, 40, 0),
        (41, 3, None, 40, 0),
    ],
)
def test_nothing_is_estimated_beyond_the_room_that_detections_leave(
    detected, estimated, capacity, units, left
):
    count = clamp_to_capacity(counted(detected, estimated, capacity), units)
    assert (count.detected, count.estimated) == (detected, left)
    assert (count.dead, count.empty, count.capacity) == (1, 2, capacity)


@pytest.mark.parametrize(("detected", "warned"), [(40, ()), (41, (OVER_CAPACITY,))])
def test_more_plants_seen_than_there_is_room_for_are_kept_with_a_warning(detected, warned):
    count = clamp_to_capacity(counted(detected, 0, 40))
    assert (count.detected, count.warnings) == (detected, warned)
    assert clamp_to_capacity(count).warnings == warned  # once


def test_other_warnings_stay():
    count = clamp_to_capacity(counted(9, 0, 4, warnings=(TRUNCATED,)))
    assert count.warnings == (TRUNCATED, OVER_CAPACITY)


def test_bands_are_cut_by_one_share_and_still_tell_where():
    count = counted(30, 20, bands=(band(1, 5.0), band(2, 15.0)))
    assert [part.estimated for part in clamp_to_capacity(count, 40).bands] == [2.5, 7.5]
    assert [part.estimated for part in count.bands] == [5.0, 15.0]


def test_a_container_for_no_plant_is_none():
    with pytest.raises(InvalidInput):
        clamp_to_capacity(counted(1, 0), 0)


def photo_of(boxes, *, side=100, containers=((0, 0, 60, 60),)):
    seen = Detections(
        np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), 0.8), np.zeros(len(boxes))
    )
    found = [rectangle("segment", *corners) for corners in containers]
    first = ContainerCount(found[0], seen, bands=(), detected=len(seen), estimated=0, dead=0, empty=0)
    none = {"bands": (), "detected": 0, "estimated": 0, "dead": 0, "empty": 0}
    others = [ContainerCount(one, Detections.empty(), **none) for one in found[1:]]
    return PhotoCount(width=side, height=side, containers=(first, *others))


def capacity_of(count, unmatched_leaf=10_000.0, **max_plants):
    return likely_capacity(count, unmatched_leaf, max_plants)


def test_a_photo_shows_no_more_plants_than_cover_its_containers_twice():
    assert capacity_of(photo_of([[0, 0, 6, 6]])) == 200  # 2 × 60² ÷ 6²
    assert capacity_of(photo_of([[0, 0, 6, 6]], containers=((0, 0, 60, 60), (60, 0, 100, 60)))) == 333


def test_overlapping_containers_are_no_more_ground_than_the_picture():
    assert capacity_of(photo_of([[0, 0, 10, 10]], containers=((0, 0, 100, 100), (0, 0, 100, 100)))) == 200


def test_what_was_counted_fits():
    assert capacity_of(photo_of([[0, 0, 60, 60]] * 5)) == 5


def test_a_container_holds_what_the_nursery_knows_and_the_cells_that_were_read():
    count = photo_of([[0, 0, 6, 6]] * 20)
    assert capacity_of(count, segment=50) == 50
    assert capacity_of(count, segment=10) == 20, "what was counted is never taken back"
    cells = replace(count, containers=(replace(count.containers[0], capacity=30),))
    assert capacity_of(cells, segment=50) == 30


def test_no_more_plants_hide_than_there_is_something_of_to_see():
    """As many again as count, those with low scores, and what fits on bare leaf."""
    count = photo_of([[0, 0, 6, 6]] * 20)
    assert capacity_of(count, 0.0) == 40 + MIN_UNSEEN
    assert capacity_of(count, 7.9) == 47 + MIN_UNSEEN
    suppressed = replace(count, suppressed_low_score=count.detections)
    assert capacity_of(suppressed, 0.0) == 60 + MIN_UNSEEN


def test_where_nothing_was_detected_bare_leaf_tells():
    assert capacity_of(photo_of([]), 3.0) == 3 + MIN_UNSEEN
    assert capacity_of(photo_of([]), 0.0) == MIN_UNSEEN
    assert capacity_of(photo_of([]), 500.0, segment=40) == 40
