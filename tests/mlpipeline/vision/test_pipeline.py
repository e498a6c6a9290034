import numpy as np
import pytest

from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.pipeline import container_mask, count_plants
from mlpipeline.vision.results import NO_CONTAINER, Detections

from .nursery import rectangle
from .truth import TruthDetector, TruthSegmenter, compass_picture

WIDTH, HEIGHT = 1600, 1200


def boxes_on(x0, y0, x1, y1, spacing=50, side=42):
    x, y = np.meshgrid(np.arange(x0 + spacing / 2, x1, spacing), np.arange(y0 + spacing / 2, y1, spacing))
    middles = np.stack([x.ravel(), y.ravel()], axis=1)
    return np.concatenate([middles - side / 2, middles + side / 2], axis=1).astype(np.float32)


def count(boxes, containers, classes=None, **options):
    detector = TruthDetector(WIDTH, HEIGHT, boxes, classes)
    steps = []
    result = count_plants(
        compass_picture(WIDTH, HEIGHT),
        TruthSegmenter(containers),
        detector,
        CountOptions(**options),
        lambda done, total: steps.append((done, total)),
    )
    return result, steps


def test_a_photo_is_counted_from_its_pixels_to_its_sum():
    boxes = boxes_on(100, 100, 900, 700)
    classes = np.zeros(len(boxes), np.int16)
    classes[:12], classes[12:20] = 1, 2
    photo, steps = count(boxes, [rectangle("segment", 90, 90, 910, 710)], classes)
    assert (photo.width, photo.height) == (WIDTH, HEIGHT)
    assert (photo.detected, photo.dead, photo.empty) == (len(boxes) - 8, 12, 8)
    assert photo.living == photo.total - 12
    assert photo.warnings == ()
    assert set(photo.seconds) == {"segment", "detect", "estimate", "judge"}
    low, high = photo.interval
    assert low <= photo.total <= high
    assert photo.reasons[-1] == "uncalibrated"
    assert steps[-1][0] == steps[-1][1] > 0


def test_a_box_in_a_segment_is_not_counted_twice():
    boxes = boxes_on(100, 100, 900, 700)
    containers = [rectangle("segment", 90, 90, 910, 710, 0.95), rectangle("box", 300, 300, 600, 600, 0.6)]
    photo, _ = count(boxes, containers)
    assert photo.detected == len(boxes)
    assert [found.detected for found in photo.containers] == [len(boxes) - 36, 36]


def test_neighbours_of_the_largest_segment_are_left_out_only_on_request():
    boxes = np.concatenate([boxes_on(0, 0, 300, 1200), boxes_on(400, 0, 1600, 1200)])
    containers = [rectangle("segment", 0, 0, 300, 1200), rectangle("segment", 400, 0, 1600, 1200)]
    everything, _ = count(boxes, containers)
    largest, _ = count(boxes, containers, largest_segment_only=True)
    assert everything.detected == len(boxes)
    assert largest.detected == len(boxes_on(400, 0, 1600, 1200))


def test_a_photo_without_containers_is_counted_as_a_whole_with_a_warning():
    boxes = boxes_on(100, 100, 900, 700)
    photo, _ = count(boxes, [])
    assert photo.detected == len(boxes)
    assert photo.warnings == (NO_CONTAINER,)


def test_a_photo_of_nothing_counts_nothing():
    photo, _ = count(np.zeros((0, 4), np.float32), [])
    assert (photo.total, photo.empty, photo.mean_confidence) == (0, 0, 0.0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (2, 2)])
def test_the_oddest_sizes_are_counted_without_a_crash(shape):
    class Blind:
        trained_plant_px, tile_px, max_det = (16.0, 120.0), 512, 300

        def detect(self, tiles):
            return [Detections.empty() for _ in tiles]

    photo = count_plants(np.zeros((*shape, 3), np.uint8), TruthSegmenter([]), Blind())
    assert photo.total == 0


def test_what_is_no_picture_is_refused():
    with pytest.raises(InvalidInput):
        count_plants(np.zeros((10, 10), np.uint8), TruthSegmenter([]), TruthDetector(1, 1, np.zeros((0, 4))))


def test_the_mask_of_a_container_has_the_size_of_the_picture():
    mask = container_mask((HEIGHT, WIDTH), [rectangle("box", 300, 300, 600, 600)], 0)
    assert mask.shape == (HEIGHT, WIDTH)
    assert mask.sum() == 300 * 300
