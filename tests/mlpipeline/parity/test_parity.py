"""One photo has one count, whichever way it is counted: by the command line, by tasks and rows, or batched with others.

What is compared: detections, estimates, empty pots, dead plants, warnings, interval and reasons. Where the network's
answer for a tile does not depend on the other tiles of its batch, all of it is the same to the last bit. Else counts
and warnings are the same, boxes within .1 px and scores within .001.
"""

import io
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture

from inventory.choices import BinCategory
from inventory.models import StorageBinType
from mlpipeline.detectors.caching_detector import ProbeCache
from mlpipeline.detectors.engines import Engine, load_engine
from mlpipeline.detectors.manifest import Weights
from mlpipeline.services import batched_detection
from mlpipeline.tasks import counting_steps
from mlpipeline.vision.results import Container, Detections, PhotoCount
from photos.image_files import encode_jpeg, from_rgb
from tests.inventory.factories import (
    DensityParameterFactory,
    StorageBinTypeFactory,
    StorageLocationConfigFactory,
)
from tests.mlpipeline.parity.cached_forward import cached_networks
from tests.mlpipeline.parity.scenes import NAMES, picture
from tests.mlpipeline.parity.ways import (
    Facts,
    by_command_line,
    facts_in_rows,
    facts_of,
    new_session,
    run_batched,
    run_tasks,
    segmented_copy,
)
from tests.mlpipeline.vision.count_options import OF_KIND
from tests.mlpipeline.vision.fake_detectors import TruthDetector, TruthSegmenter, compass_picture
from tests.mlpipeline.vision.synthetic_images import rectangle

pytestmark = pytest.mark.django_db

BATCHED = 4  # photos whose tiles share batches
GROUPS = [NAMES[start : start + BATCHED] for start in range(0, len(NAMES), BATCHED)]


def assert_same(one: Facts, other: Facts, *, exactly: bool) -> None:
    assert other.numbers == one.numbers
    if exactly:
        assert np.array_equal(other.boxes, one.boxes)
        assert np.array_equal(other.scores, one.scores)
    else:
        assert np.abs(other.boxes - one.boxes).max(initial=0) < 0.101
        assert np.abs(other.scores - one.scores).max(initial=0) < 0.00101


def is_batch_invariant(engine: Engine) -> bool:
    """Whether the network says of a tile in a batch what it says of the tile alone, to the last bit."""
    network: Any = engine.detector.network  # type: ignore[attr-defined]
    tiles = [np.full((512, 512, 3), shade, np.uint8) for shade in (40, 120, 200)]
    together, alone = network.raw(tiles), network.raw(tiles[2:])
    return bool((together.scores[2] == alone.scores[0]).all() and (together.boxes[2] == alone.boxes[0]).all())


@pytest.fixture
def batches(monkeypatch) -> Iterator[list[int]]:
    """How many steps each batch held."""
    sizes: list[int] = []

    class Counted(batched_detection.DetectionBatch):
        def __init__(self, claims, *args):
            sizes.append(len(claims))
            super().__init__(claims, *args)

    monkeypatch.setattr(batched_detection, "DetectionBatch", Counted)
    return sizes


def count_every_way(
    owner, pictures, engine, settings, path, places=()
) -> list[tuple[PhotoCount, Facts, Facts]]:
    """For each of some PNGs or JPEGs (bytes, (width, height)): what each of the three ways says of it."""
    at = places or [None] * len(pictures)
    sessions, copies = [], []
    settings.DETECTION_BATCH_SIZE = 1
    for place, (data, size) in zip(at, pictures, strict=True):
        sessions.append(new_session(owner, data, size, place))
        run_tasks(sessions[-1])
        copies.append(segmented_copy(sessions[-1], new_session(owner, data, size, place)))
    settings.DETECTION_BATCH_SIZE = 8
    run_batched(copies)
    found = []
    for (data, _), place, session, copy in zip(pictures, at, sessions, copies, strict=True):
        path.write_bytes(data)
        counted = by_command_line(path, engine, place)
        found.append((counted, facts_in_rows(session), facts_in_rows(copy)))
    return found


@pytest.mark.parametrize("names", GROUPS, ids=[", ".join(names) for names in GROUPS])
def test_the_command_line_the_tasks_and_the_batches_count_the_same(
    names, worker, settings, tmp_path, batches
):
    engine = load_engine(settings.COUNT_ENGINE)
    exactly = is_batch_invariant(engine)
    pictures = []
    for name in names:
        image = picture(name)
        pictures.append((encode_jpeg(from_rgb(image)), (image.shape[1], image.shape[0])))
    # The small ones through the network itself in each way; the large ones have it answer a tile once.
    is_small = all(name.startswith("small") for name in names)
    with nullcontext() if is_small else cached_networks(engine):
        counts = count_every_way(worker, pictures, engine, settings, tmp_path / "photo.jpg")
    for counted, by_tasks, by_batches in counts:
        assert_same(facts_of(counted), by_tasks, exactly=exactly)
        assert_same(facts_of(counted), by_batches, exactly=exactly)
    if len(names) == BATCHED:  # of fewer photos perhaps no two need the same task
        assert max(batches) > 1


def test_there_are_thirty_scenes_of_all_kinds_and_sizes_with_plants_and_without():
    sizes = [picture(name).shape for name in NAMES]
    assert len(NAMES) >= 30
    assert sizes.count((1200, 1600, 3)) >= 15
    assert sizes.count((3000, 4000, 3)) >= 3


# With a detector that knows the truth: scenes that the ways once counted differently, because a rule saw no more than
# the containers of one task, or what is known of a place reached one way only.

WIDTH, HEIGHT = 1200, 900
SIDE = 280  # of a box; four stand in a row
EMPTY = 2


def weights(kind: str) -> Weights:
    return Weights(
        kind,
        f"{kind} of the test",
        "",
        kind[0] * 64,
        "",
        (),
        512,
        (16.0, 120.0),
        0.15,
        (),
        "",
        "",
        **OF_KIND[kind],
    )


@dataclass
class TruthEngine:
    """An engine that finds what a scene holds."""

    segmenter: Any
    detector: Any
    rescorer: Any = None
    prefers_batches: bool = False
    name: str = "truth"
    weights: tuple[Weights, ...] = (weights("segmentation"), weights("detection"))

    def tile_detector(self, options):
        return self.detector

    def photo_detector(self, options):
        return ProbeCache(self.detector)


@dataclass
class Inward(TruthDetector):
    """Sees plants up to 2 tile px nearer to the middle of its tile than they are."""

    def detect(self, tiles):
        return [self._drawn_in(answer) for answer in super().detect(tiles)]

    def _drawn_in(self, answer):
        middles = (answer.boxes[:, :2] + answer.boxes[:, 2:]) / 2
        steps = (self.tile_px / 2 - middles) / self.tile_px * 4
        return Detections(answer.boxes + np.tile(steps, 2), answer.scores, answer.classes)


def boxes_in_rows(number: int) -> list[Container]:
    """Boxes wall to wall, four in a row: the first six are one task's, the others another's."""
    return [
        rectangle(
            "box",
            SIDE * (k % 4) + 10,
            SIDE * (k // 4) + 10,
            SIDE * (k % 4 + 1) + 10,
            SIDE * (k // 4 + 1) + 10,
        )
        for k in range(number)
    ]


def plants_in(container: Container, side: float, number: int) -> np.ndarray:
    """(number², 4) squares in rows in the middle of a container."""
    x0, y0 = container.polygon.min(axis=0)
    step = SIDE / number
    x, y = np.meshgrid((np.arange(number) + 0.5) * step + x0, (np.arange(number) + 0.5) * step + y0)
    middles = np.stack([x.ravel(), y.ravel()], axis=1)
    return np.concatenate([middles - side / 2, middles + side / 2], axis=1)


def scene(containers, *things, seen_by=TruthDetector, **detector) -> TruthEngine:
    """`things` are (boxes, score, class)."""
    boxes = np.concatenate([np.zeros((0, 4)), *(group for group, _, _ in things)]).astype(np.float32)
    classes = np.concatenate([np.zeros(0), *(np.full(len(group), kind) for group, _, kind in things)])
    certainty = np.concatenate([np.zeros(0), *(np.full(len(group), score) for group, score, _ in things)])
    knows = seen_by(WIDTH, HEIGHT, boxes, classes=classes.astype(np.int16), certainty=certainty, **detector)
    return TruthEngine(TruthSegmenter(containers), knows)


def plants_on_the_line_between_two_tasks():
    boxes = boxes_in_rows(8)
    line = np.array([[558, y, 602, y + 44] for y in range(300, 540, 60)])  # between the sixth and the seventh
    plants = [(plants_in(box, 50, 3), 0.9, 0) for box in boxes[:5]]
    return scene(boxes, *plants, (line, 0.8, 0), seen_by=Inward), 49


def low_scores_in_one_task_and_empty_pots_in_the_other():
    boxes = boxes_in_rows(8)
    pots = [(plants_in(box, 60, 4), 0.9, EMPTY) for box in boxes[2:]]
    return scene(boxes, (plants_in(boxes[0], 60, 3), 0.3, 0), *pots), 0


def a_bed_around_boxes():
    bed, boxes = rectangle("segment", 5, 5, 1190, 890, 0.95), boxes_in_rows(7)
    plants = [(plants_in(box, 60, 4), 0.9, 0) for box in boxes]
    return scene([bed, *boxes], *plants, (np.array([[900, 700, 960, 760]]), 0.9, 0)), 113


def no_container():
    return scene([], (plants_in(boxes_in_rows(1)[0], 60, 4), 0.9, 0)), 16


def more_than_a_tile_may_answer():
    (box,) = boxes_in_rows(1)
    return scene([box], (plants_in(box, 30, 7), 0.9, 0), max_det=3), None


def plants_too_small_for_the_weights():
    (box,) = boxes_in_rows(1)
    known = {"trained_plant_px": (200.0, 300.0), "visible_px": (5.0, 300.0)}
    return scene([box], (plants_in(box, 25, 8), 0.9, 0), **known), None


def nothing():
    return scene(boxes_in_rows(7)), 0


SCENES = (
    plants_on_the_line_between_two_tasks,
    low_scores_in_one_task_and_empty_pots_in_the_other,
    a_bed_around_boxes,
    no_container,
    more_than_a_tile_may_answer,
    plants_too_small_for_the_weights,
    nothing,
)


def png() -> bytes:
    buffer = io.BytesIO()
    Picture.fromarray(compass_picture(WIDTH, HEIGHT)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


@pytest.mark.parametrize("make", SCENES, ids=[make.__name__ for make in SCENES])
def test_what_one_task_cannot_know_counts_in_every_way(
    make, worker, settings, tmp_path, batches, monkeypatch
):
    engine, detected = make()
    monkeypatch.setattr(counting_steps, "load_engine", lambda name: engine)
    pictures = [(png(), (WIDTH, HEIGHT))] * 2
    for counted, by_tasks, by_batches in count_every_way(
        worker, pictures, engine, settings, tmp_path / "photo.png"
    ):
        assert detected is None or counted.detected == detected
        assert_same(facts_of(counted), by_tasks, exactly=True)
        assert_same(facts_of(counted), by_batches, exactly=True)
    assert max(batches) > 1


@pytest.fixture
def place():
    """A place of 12 m² whose boxes hold ten plants, with a density known for beds."""
    config = StorageLocationConfigFactory(storage_location__area_m2=12.0)
    StorageBinType.objects.filter(category=BinCategory.BOX).update(capacity=10)
    DensityParameterFactory(
        product=config.product,
        storage_bin_type=StorageBinTypeFactory(category=BinCategory.SEGMENT),
        avg_area_per_plant_cm2=400,
        plants_per_m2=20,
    )
    return config.storage_location


def test_what_the_nursery_knows_of_a_place_counts_in_every_way(
    place, worker, settings, tmp_path, batches, monkeypatch
):
    """Sixteen plants in a box of ten, and a bed in which nothing was detected."""
    box, bed = boxes_in_rows(1)[0], rectangle("segment", 10, 500, 1190, 890)
    engine = scene([box, bed], (plants_in(box, 60, 4), 0.9, 0))
    monkeypatch.setattr(counting_steps, "load_engine", lambda name: engine)
    ((counted, by_tasks, by_batches),) = count_every_way(
        worker, [(png(), (WIDTH, HEIGHT))], engine, settings, tmp_path / "photo.png", [place]
    )
    assert "over_capacity" in counted.warnings
    assert [part.estimated > 0 for part in counted.containers] == [False, True]
    assert_same(facts_of(counted), by_tasks, exactly=True)
    assert_same(facts_of(counted), by_batches, exactly=True)
