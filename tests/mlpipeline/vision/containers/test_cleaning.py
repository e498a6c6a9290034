import numpy as np
import pytest

from mlpipeline.vision.containers.cleaning import (
    PlantAssignment,
    container_nms,
    container_region,
    find_containers,
    with_largest_segment,
)
from mlpipeline.vision.errors import DetectorFault, InvalidInput
from mlpipeline.vision.results import NO_CONTAINER, Container, Detections, container_warnings
from tests.mlpipeline.vision.count_options import make_options
from tests.mlpipeline.vision.fake_detectors import TruthSegmenter

SHAPE = (300, 400)
IMAGE = np.zeros((*SHAPE, 3), np.uint8)


def rectangle(kind, x0, y0, x1, y1, score=0.9):
    return Container(kind, np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32), score)


def container_mask(shape, containers, index):
    """(H, W) True where a pixel of the picture belongs to a container."""
    return container_region(shape, containers, index).to_full_mask(shape)


def found_by(*containers, **options):
    found = find_containers(IMAGE, TruthSegmenter(list(containers)), make_options(**options))
    return found, container_warnings(found)


def plants(*boxes):
    return Detections(np.array(boxes, np.float32), np.full(len(boxes), 0.9), np.zeros(len(boxes)))


def test_without_a_container_the_whole_picture_is_one_and_says_so():
    containers, warnings = found_by()
    assert warnings == (NO_CONTAINER,)
    assert [found.type for found in containers] == ["segment"]
    assert containers[0].is_inferred
    assert container_mask(SHAPE, containers, 0).all()


def test_unsure_tiny_and_outside_containers_are_left_out():
    good = rectangle("box", 10, 10, 110, 90)
    containers, warnings = found_by(
        good,
        rectangle("box", 200, 10, 300, 90, score=0.2),
        rectangle("box", 200, 200, 203, 203),
        rectangle("box", 900, 900, 999, 999),
    )
    assert warnings == ()
    assert len(containers) == 1
    assert containers[0].polygon.tolist() == good.polygon.tolist()


@pytest.mark.parametrize(("kind", "dent_px"), [("segment", 40 * 50), ("box", 0), ("plug", 0)])
def test_an_outline_ends_with_the_picture_and_leaves_over_the_rim_of_a_box_do_not_dent_it(kind, dent_px):
    dented = [[-20, 50], [150, 50], [150, 150], [100, 150], [100, 110], [50, 110], [50, 150], [-20, 150]]
    containers, _ = found_by(Container(kind, np.array(dented, np.float32), 0.8))
    assert containers[0].polygon[:, 0].min() == 0
    assert container_mask(SHAPE, containers, 0).sum() == pytest.approx(150 * 100 - dent_px, rel=0.01)


def test_the_same_tray_seen_twice_is_one_and_the_surer_sight_stays():
    twice = [rectangle("box", 10, 10, 110, 90, 0.7), rectangle("plug", 14, 12, 112, 92, 0.8)]
    assert container_nms(twice, SHAPE) == [twice[1]]


def test_a_box_in_a_segment_is_no_double_of_it():
    both = [rectangle("segment", 0, 0, 200, 200), rectangle("box", 50, 50, 150, 150)]
    assert container_nms(both, SHAPE) == both


def test_a_segment_loses_the_pixels_of_the_boxes_that_stand_in_it():
    containers = [rectangle("segment", 0, 0, 200, 200, 0.99), rectangle("box", 50, 50, 150, 150, 0.4)]
    segment, box = (container_mask(SHAPE, containers, index) for index in range(2))
    assert box.sum() == 100 * 100
    assert segment.sum() == 200 * 200 - 100 * 100
    assert not (segment & box).any()


def test_of_two_overlapping_boxes_the_surer_one_owns_the_pixels():
    containers = [rectangle("box", 0, 0, 100, 100, 0.6), rectangle("box", 60, 0, 160, 100, 0.8)]
    first, second = (container_region(SHAPE, containers, index).area_px for index in range(2))
    assert (first, second) == (60 * 100, 100 * 100)


def test_of_equally_sure_boxes_the_first_owns_the_pixels():
    containers = [rectangle("box", 0, 0, 100, 100), rectangle("box", 60, 0, 160, 100)]
    assert [container_region(SHAPE, containers, index).area_px for index in range(2)] == [10_000, 6_000]


def test_the_largest_segment_is_largest_by_its_area_in_pixels():
    long_but_thin = Container(
        "segment", np.array([[0, 0], [399, 0], [399, 299], [395, 299], [395, 4], [0, 4]]), 0.9
    )
    block = rectangle("segment", 50, 50, 250, 250, 0.5)
    box = rectangle("box", 300, 100, 320, 120)
    assert with_largest_segment([long_but_thin, block, box], SHAPE) == [block, box]
    containers, _ = found_by(
        rectangle("segment", 0, 0, 40, 300), rectangle("segment", 100, 0, 300, 300), largest_segment_only=True
    )
    assert len(containers) == 1
    assert containers[0].polygon[:, 0].min() == 100


def test_all_segments_count_by_default():
    containers, _ = found_by(rectangle("segment", 0, 0, 40, 300), rectangle("segment", 100, 0, 300, 300))
    assert len(containers) == 2


def test_a_container_outside_the_picture_has_an_empty_mask():
    assert not container_mask(SHAPE, [rectangle("box", 900, 900, 950, 950)], 0).any()


def test_an_index_out_of_range_is_refused():
    with pytest.raises(InvalidInput):
        container_mask(SHAPE, [rectangle("box", 0, 0, 9, 9)], 1)


def test_a_segmenter_that_answers_something_else_is_at_fault():
    with pytest.raises(DetectorFault):
        find_containers(IMAGE, TruthSegmenter([np.zeros((4, 2))]), make_options())


def test_a_plant_in_the_middle_of_a_box_in_a_segment_is_the_boxs_alone():
    containers = (rectangle("segment", 0, 0, 200, 200, 0.99), rectangle("box", 50, 50, 150, 150, 0.4))
    assignment = PlantAssignment(SHAPE, containers)
    both = plants([90, 90, 110, 110], [10, 10, 30, 30])
    assert assignment.assign(both, 0).boxes.tolist() == [[10, 10, 30, 30]]
    assert assignment.assign(both, 1).boxes.tolist() == [[90, 90, 110, 110]]


def test_a_plant_that_leans_out_belongs_to_the_nearest_container_and_only_within_a_quarter_of_its_side():
    containers = (rectangle("box", 0, 0, 100, 100), rectangle("box", 110, 0, 210, 100))
    assignment = PlantAssignment(SHAPE, containers)
    leaning = plants([83, 20, 123, 60], [86, 20, 126, 60], [190, 90, 230, 130], [40, 95, 80, 135])
    assert assignment.assign(leaning, 0).boxes[:, 0].tolist() == [83]
    assert assignment.assign(leaning, 1).boxes[:, 0].tolist() == [86, 190]


@pytest.mark.parametrize("shape", [(1, 500), (500, 1), (1, 1)])
def test_the_thinnest_picture_has_a_container(shape):
    image = np.zeros((*shape, 3), np.uint8)
    whole = rectangle("segment", 0, 0, shape[1], shape[0])
    containers = find_containers(image, TruthSegmenter([whole]), make_options())
    assert container_mask(shape, containers, 0).all()
