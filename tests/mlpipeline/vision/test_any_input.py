"""Whatever a picture shows and a model answers: a count whose parts agree, or one of two errors, and nothing else."""

import json
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlpipeline.vision.containers.cleaning import find_containers
from mlpipeline.vision.drawing import LegendTexts, draw_count
from mlpipeline.vision.errors import DetectorFault, InvalidInput
from mlpipeline.vision.pipeline import count_photo
from mlpipeline.vision.results import CONTAINER_TYPES, Container, Detections
from tests.mlpipeline.vision.count_options import make_options
from tests.mlpipeline.vision.fake_detectors import TruthSegmenter

TEXTS = LegendTexts(detected="d", estimated="e", confidence="c", dead="x", empty="o")
# The same examples every time: a machine that is busy or a seed that is new fails nobody's build.
CHECKED = settings(
    deadline=None, derandomize=True, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)

shapes = st.tuples(st.integers(1, 90), st.integers(1, 90))
# Points in and around a picture, on its edges, and as far away as a float reaches.
near = st.floats(-60, 150, width=32)
coordinates = st.one_of(near, near, near, st.sampled_from([0.0, 0.5, 90.0, -1e6, 1e9, -3e38, 3e38]))
polygons = st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=9)
shares = st.floats(0, 1, width=32)
containers = st.builds(
    lambda kind, polygon, score: Container(kind, np.array(polygon, np.float32), score),
    st.sampled_from(CONTAINER_TYPES),
    polygons,
    shares,
)
tile_places = st.floats(-8, 72, width=32)
sides = st.one_of(st.floats(0, 40, width=32), st.sampled_from([0.0, 1e-30, 1e-3, 50.0]))
seen = st.lists(st.tuples(tile_places, tile_places, sides, sides, shares, st.integers(0, 2)), max_size=25)
numbers = st.floats(width=32)  # NaN and the infinities too
in_order = st.tuples(*[st.floats(-(2.0**127), 2.0**127, width=32)] * 4).map(
    lambda v: (min(v[0], v[2]), min(v[1], v[3]), max(v[0], v[2]), max(v[1], v[3]))
)
raw_boxes = st.lists(st.one_of(st.tuples(*[numbers] * 4), in_order), min_size=1, max_size=3)


@dataclass
class ScriptedDetector:
    """Answers every tile with the next of a few scripts, over and over."""

    scripts: list[Detections]
    trained_plant_px: tuple[float, float] = (8.0, 30.0)
    tile_px: int = 64
    max_det: int = 20
    tiles_seen: int = field(default=0)

    def detect(self, tiles):
        assert {tile.shape for tile in tiles} <= {(64, 64, 3)}
        self.tiles_seen += len(tiles)
        return [self.scripts[(self.tiles_seen + k) % len(self.scripts)] for k in range(len(tiles))]


def detections(rows):
    table = np.array(rows, np.float32).reshape(-1, 6)
    corners = np.concatenate([table[:, :2], table[:, :2] + table[:, 2:4]], axis=1)
    return Detections(corners, table[:, 4], table[:, 5])


def picture_of(shape, seed):
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)


@CHECKED
@given(
    shape=shapes,
    found=st.lists(containers, max_size=5),
    scripts=st.lists(seen, min_size=1, max_size=3),
    seed=st.integers(0, 9),
    largest_only=st.booleans(),
)
def test_any_containers_and_any_detections_are_a_count_whose_parts_agree(
    shape, found, scripts, seed, largest_only
):
    image = picture_of(shape, seed)
    before = image.copy()
    detector = ScriptedDetector([detections(rows) for rows in scripts])
    options = make_options(largest_segment_only=largest_only)
    count = count_photo(image, TruthSegmenter(found), detector, options)
    assert np.array_equal(image, before), "a picture is looked at and not drawn on"
    assert count.detected == len(count.detections.plants)
    assert count.total == count.detected + count.estimated
    assert 0 <= count.dead <= count.detected
    assert all(part.estimated >= 0 for part in count.containers)
    boxes = count.detections.boxes
    height, width = shape
    assert ((boxes >= 0) & (boxes <= [width, height, width, height])).all()
    outlines = np.concatenate([part.container.polygon for part in count.containers])
    assert ((outlines >= 0) & (outlines <= [width, height])).all()
    numbers_told = [
        count.mean_confidence,
        *(band.estimated for part in count.containers for band in part.bands),
    ]
    json.dumps(numbers_told, allow_nan=False)
    assert draw_count(image, count, TEXTS).shape == image.shape


@CHECKED
@given(shape=shapes, boxes=raw_boxes)
def test_boxes_of_any_numbers_are_counted_or_are_a_fault_of_the_detector(shape, boxes):
    class Wild(ScriptedDetector):
        def detect(self, tiles):
            values = np.array(boxes, np.float32)
            return [Detections(values, np.full(len(values), 0.9), np.zeros(len(values))) for _ in tiles]

    image = picture_of(shape, 0)
    try:
        count = count_photo(image, TruthSegmenter([]), Wild([]), make_options())
    except DetectorFault:
        return
    height, width = shape
    kept = count.detections.boxes
    assert ((kept >= 0) & (kept <= [width, height, width, height])).all()


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"boxes": [[0, 0, np.nan, 5]]}, id="not a number"),
        pytest.param({"boxes": [[0, 0, np.inf, 5]]}, id="infinite"),
        pytest.param({"boxes": [[9, 0, 3, 5]]}, id="ends before it begins"),
        pytest.param({"boxes": [[0, 0, 5]]}, id="three numbers"),
        pytest.param({"scores": [np.nan]}, id="a score that is no number"),
        pytest.param({"scores": [1.5]}, id="a score above one"),
        pytest.param({"scores": [-0.1]}, id="a score below nothing"),
        pytest.param({"classes": [3]}, id="a class too many"),
        pytest.param({"classes": [-1]}, id="a class too few"),
        pytest.param({"classes": [0, 0]}, id="two classes for one box"),
    ],
)
def test_what_is_no_detection_is_invalid_input(values):
    whole = {"boxes": [[0, 0, 5, 5]], "scores": [0.5], "classes": [0]}
    with pytest.raises(InvalidInput):
        Detections(**{name: np.array(rows, float) for name, rows in {**whole, **values}.items()})


@pytest.mark.parametrize(
    "polygon",
    [
        pytest.param([[0, 0], [5, 5]], id="two points"),
        pytest.param([[0, 0], [5, 5], [np.nan, 3]], id="not a number"),
        pytest.param([[0, 0], [5, 5], [np.inf, 3]], id="infinite"),
        pytest.param([0, 0, 5, 5, 3, 3], id="a flat list"),
    ],
)
def test_what_is_no_polygon_is_invalid_input(polygon):
    with pytest.raises(InvalidInput):
        Container("box", np.array(polygon, np.float32), 0.5)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda tiles: None, id="nothing"),
        pytest.param(lambda tiles: [], id="no answers"),
        pytest.param(lambda tiles: [Detections.empty()] * (len(tiles) + 1), id="an answer too many"),
        pytest.param(lambda tiles: [None] * len(tiles), id="answers of nothing"),
        pytest.param(lambda tiles: [np.zeros((0, 6))] * len(tiles), id="bare arrays"),
        pytest.param(lambda tiles: [detections([(1e30, 0, 5, 5, 1, 0)])] * len(tiles), id="a box far away"),
    ],
)
def test_a_detector_that_breaks_its_protocol_is_a_fault(answer):
    class Broken(ScriptedDetector):
        def detect(self, tiles):
            return answer(tiles)

    with pytest.raises(DetectorFault):
        count_photo(picture_of((40, 40), 0), TruthSegmenter([]), Broken([]), make_options())


def test_an_outline_of_no_numbers_is_a_fault_of_the_segmenter():
    class Broken:
        def segment(self, image):
            return [Container("box", np.array([[0, 0], [5, 5], [np.nan, 3]], np.float32), 0.5)]

    with pytest.raises(DetectorFault):
        find_containers(picture_of((40, 40), 0), Broken(), make_options())


def test_boxes_of_no_numbers_in_a_whole_picture_are_a_fault_of_the_detector():
    class Broken:
        def detect_image(self, image, min_score):
            return Detections(np.array([[0, 0, np.nan, 5]]), np.array([0.5]), np.array([0]))

    with pytest.raises(DetectorFault):
        count_photo(picture_of((40, 40), 0), TruthSegmenter([]), Broken(), make_options())


@pytest.mark.parametrize("answer", [None, [None], [np.zeros((4, 2))], "box"])
def test_a_segmenter_that_breaks_its_protocol_is_a_fault(answer):
    with pytest.raises(DetectorFault):
        find_containers(picture_of((40, 40), 0), TruthSegmenter(answer), make_options())


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(np.zeros((0, 5, 3), np.uint8), id="no rows"),
        pytest.param(np.zeros((5, 0, 3), np.uint8), id="no columns"),
        pytest.param(np.zeros((5, 5), np.uint8), id="grey"),
        pytest.param(np.zeros((5, 5, 4), np.uint8), id="four channels"),
        pytest.param(np.zeros((5, 5, 3), np.float32), id="floats"),
    ],
)
def test_what_is_no_picture_is_invalid_input(image):
    with pytest.raises(InvalidInput):
        count_photo(image, TruthSegmenter([]), ScriptedDetector([Detections.empty()]), make_options())
