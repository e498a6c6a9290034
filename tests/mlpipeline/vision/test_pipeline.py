import numpy as np
import pytest

from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.estimation.density_estimator import DensityPrior
from mlpipeline.vision.estimation.place_priors import PlacePriors
from mlpipeline.vision.pipeline import STAGES, aggregate, count_photo, detect, segment
from mlpipeline.vision.results import EMPTY, MOSTLY_EMPTY, NO_CONTAINER, Detections
from tests.mlpipeline.vision.count_options import make_options
from tests.mlpipeline.vision.fake_detectors import TruthDetector, TruthSegmenter, compass_picture
from tests.mlpipeline.vision.synthetic_images import rectangle

WIDTH, HEIGHT = 1600, 1200


class Blind:
    """Sees nothing."""

    trained_plant_px, tile_px, max_det = (16.0, 120.0), 512, 300

    def detect(self, tiles):
        return [Detections.empty() for _ in tiles]


def boxes_on(x0, y0, x1, y1, spacing=50, side=42):
    x, y = np.meshgrid(np.arange(x0 + spacing / 2, x1, spacing), np.arange(y0 + spacing / 2, y1, spacing))
    middles = np.stack([x.ravel(), y.ravel()], axis=1)
    return np.concatenate([middles - side / 2, middles + side / 2], axis=1).astype(np.float32)


def count(boxes, containers, classes=None, **options):
    detector = TruthDetector(WIDTH, HEIGHT, boxes, classes)
    steps = []
    result = count_photo(
        compass_picture(WIDTH, HEIGHT),
        TruthSegmenter(containers),
        detector,
        make_options(**options),
        progress=lambda done, total: steps.append((done, total)),
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
    assert set(photo.seconds) == set(STAGES)
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


@pytest.mark.parametrize(
    "bounds",
    [
        pytest.param(((400, 0, 1600, 1200), (0, 0, 300, 1200)), id="at its left"),
        pytest.param(((0, 0, 1600, 800), (0, 850, 1600, 1200)), id="below it"),
    ],
)
def test_neighbours_of_the_largest_segment_are_left_out_only_on_request(bounds):
    """Their plants are many and stand in a container, so they say nothing against the outlines."""
    own, neighbour = (boxes_on(*each) for each in bounds)
    boxes = np.concatenate([own, neighbour])
    containers = [rectangle("segment", *each) for each in bounds]
    everything, _ = count(boxes, containers)
    largest, _ = count(boxes, containers, largest_segment_only=True)
    assert everything.detected == len(boxes)
    assert (largest.detected, largest.warnings) == (len(own), ())


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
    photo = count_photo(np.zeros((*shape, 3), np.uint8), TruthSegmenter([]), Blind(), make_options())
    assert photo.total == 0


def test_what_is_no_picture_is_refused():
    detector = TruthDetector(1, 1, np.zeros((0, 4)))
    with pytest.raises(InvalidInput):
        count_photo(np.zeros((10, 10), np.uint8), TruthSegmenter([]), detector, make_options())


class Inward(TruthDetector):
    """Sees plants up to 2 tile px nearer to the middle of its tile than they are."""

    def detect(self, tiles):
        return [self._drawn_in(answer) for answer in super().detect(tiles)]

    def _drawn_in(self, answer):
        middles = (answer.boxes[:, :2] + answer.boxes[:, 2:]) / 2
        steps = (self.tile_px / 2 - middles) / self.tile_px * 4
        return Detections(answer.boxes + np.tile(steps, 2), answer.scores, answer.classes)


def test_a_plant_on_the_line_between_two_containers_counts_once_though_each_sees_it_on_its_own_side():
    middle = np.array([[782, y, 818, y + 36] for y in range(210, 980, 40)], np.float32)
    boxes = np.concatenate(
        [boxes_on(200, 200, 760, 1000, 40, 36), middle, boxes_on(840, 200, 1400, 1000, 40, 36)]
    )
    containers = [rectangle("box", 190, 190, 800, 1010), rectangle("box", 800, 190, 1410, 1010)]
    photo = count_photo(
        compass_picture(WIDTH, HEIGHT),
        TruthSegmenter(containers),
        Inward(WIDTH, HEIGHT, boxes),
        make_options(),
    )
    on_line = np.abs(photo.detections.boxes[:, ::2].mean(axis=1) - 800) < 18
    assert int(on_line.sum()) == len(middle)


@pytest.mark.parametrize(("border_share", "columns"), [(0.0, 2), (0.25, 2), (0.5, 1), (1.0, 0)])
def test_plants_cut_by_the_border_count_from_the_share_that_the_nursery_names(border_share, columns):
    """Left of the bed stands a column of which three fifths show, right of it one of which two fifths show."""
    bed = boxes_on(60, 60, 1560, 1140, 60, 50)
    rows = range(70, 1100, 60)
    cut = [[0, y, 30, y + 50] for y in rows] + [[WIDTH - 20, y, WIDTH, y + 50] for y in rows]
    photo, _ = count(
        np.concatenate([bed, np.array(cut, np.float32)]),
        [rectangle("segment", 0, 0, WIDTH, HEIGHT)],
        border_share=border_share,
    )
    assert photo.detected == len(bed) + columns * len(rows)


def test_the_stages_one_by_one_are_the_count_however_containers_are_shared_out():
    boxes = np.concatenate([boxes_on(100, 100, 700, 700), boxes_on(760, 100, 1500, 700)])
    containers = [rectangle("box", 90, 90, 730, 710), rectangle("segment", 730, 90, 1510, 710)]
    image, detector, options = (
        compass_picture(WIDTH, HEIGHT),
        TruthDetector(WIDTH, HEIGHT, boxes),
        make_options(),
    )
    whole = count_photo(image, TruthSegmenter(containers), detector, options)
    found = segment(image, TruthSegmenter(containers), detector, options)
    detected = {
        **detect(image, found, [1], detector, options),
        **detect(image, found, [0], detector, options),
    }
    assert aggregate(image, found, detected, options).count.interval == whole.interval
    parts = aggregate(image, found, detected, options).count.containers
    assert [part.total for part in parts] == [part.total for part in whole.containers]


@pytest.mark.parametrize(
    ("containers", "empty", "is_warned"),
    [
        pytest.param([], 25, True, id="no container, more pots than plants"),
        pytest.param([], 24, False, id="no container, as many"),
        pytest.param([rectangle("box", 90, 90, 730, 510)], 25, False, id="in a box"),
    ],
)
def test_mostly_empty_pots_on_a_photo_without_container_are_doubted(containers, empty, is_warned):
    boxes = boxes_on(100, 100, 500, 400)  # 48
    classes = np.zeros(len(boxes), np.int16)
    classes[:empty] = EMPTY
    photo, _ = count(boxes, containers, classes)
    assert (photo.total, photo.empty) == (48 - empty, empty)
    assert (MOSTLY_EMPTY in photo.warnings) == is_warned


def test_of_containers_that_could_not_be_looked_into_nothing_is_counted():
    boxes = boxes_on(100, 100, 700, 700)
    containers = [rectangle("box", 90, 90, 730, 710), rectangle("box", 800, 90, 1510, 710)]
    image, detector, options = (
        compass_picture(WIDTH, HEIGHT),
        TruthDetector(WIDTH, HEIGHT, boxes),
        make_options(),
    )
    result = aggregate(image, containers, detect(image, containers, [0], detector, options), options)
    assert [part.detected for part in result.count.containers] == [len(boxes)]
    assert list(result.removed) == [0]


def test_what_the_nursery_knows_of_the_place_limits_what_is_estimated():
    """A bed of leaf in which nothing is detected: density says 40 plants, and a limit of the bed 25."""
    leaf = np.full((400, 400, 3), (70, 130, 60), np.uint8)
    leaf[:, 200:] = (120, 85, 60)
    bed, nothing = TruthSegmenter([rectangle("segment", 0, 0, 400, 400)]), Blind()
    options = make_options()
    known = DensityPrior(plant_area_cm2=2000.0, cm2_per_px2=1.0, overlap_factor=1.0)
    free = count_photo(leaf, bed, nothing, options, priors=PlacePriors(density={"segment": known}))
    limited = count_photo(
        leaf,
        bed,
        nothing,
        options,
        priors=PlacePriors(max_plants={"segment": 25}, density={"segment": known}),
    )
    assert (free.detected, free.estimated) == (0, pytest.approx(40, abs=2))
    assert limited.estimated == 25
    assert count_photo(leaf, bed, nothing, options).total == 0


@pytest.mark.parametrize("wrong", [{"max_plants": {"box": 0}}, {"max_plants": {"crate": 4}}])
def test_priors_of_unknown_containers_or_of_none_are_refused(wrong):
    with pytest.raises(InvalidInput):
        PlacePriors(**wrong)
