"""Rules that are off one at a time: what is counted then is what a count without them would be."""

from dataclasses import replace

import numpy as np
import pytest

from mlpipeline.evaluation.ablation import RuleSwitch, ablate_photo
from mlpipeline.evaluation.ground_truth import PhotoTruth
from mlpipeline.evaluation.recorded_models import RecordedDetector
from mlpipeline.vision.pipeline import aggregate, count_photo, detect, segment
from mlpipeline.vision.results import PhotoCount
from mlpipeline.vision.rules import SEGMENTER_RULES, STAGES_OF_RULES, Rule
from tests.mlpipeline.vision.count_options import make_options
from tests.mlpipeline.vision.fake_detectors import TruthDetector, TruthSegmenter, compass_picture
from tests.mlpipeline.vision.synthetic_images import rectangle

WIDTH, HEIGHT = 900, 600
OPTIONS = make_options(confidence=0.15)
SIDE = 40
EMPTY = 2


def squares(x0, y0, columns, rows, step=50, side=SIDE):
    x, y = np.meshgrid(x0 + step * np.arange(columns), y0 + step * np.arange(rows))
    corners = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)
    return np.concatenate([corners, corners + side], axis=1)


CONTAINERS = [
    rectangle("segment", 0, 0, 440, 600),
    rectangle("box", 450, 0, 900, 290, 0.8),
    rectangle("box", 455, 5, 895, 285, 0.4),  # the same box once more
]
BED, BOX, POTS, SLIVERS = (
    squares(10, 30, 8, 11),
    squares(460, 10, 8, 5),
    squares(12, 32, 2, 2),  # with a plant in each
    np.array([[200, 594, 240, 600]], np.float32),
)
FAINT = np.array([[700, 400, 740, 440], [800, 400, 840, 440]], np.float32)
SEEN = [(BED, 0.9, 0), (BOX, 0.8, 0), (POTS, 0.6, EMPTY), (SLIVERS, 0.9, 0), (FAINT, 0.2, 0)]
BOXES = np.concatenate([boxes for boxes, _, _ in SEEN])
CLASSES = np.concatenate([np.full(len(boxes), kind, np.int16) for boxes, _, kind in SEEN])
SCORES = np.concatenate([np.full(len(boxes), score) for boxes, score, _ in SEEN])


def detector():
    return TruthDetector(WIDTH, HEIGHT, BOXES, CLASSES, certainty=SCORES)


@pytest.fixture(scope="module")
def image():
    return compass_picture(WIDTH, HEIGHT)


@pytest.fixture(scope="module")
def switch(image):
    return RuleSwitch(image, {frozenset(): TruthSegmenter(CONTAINERS)}, RecordedDetector(detector()), OPTIONS)


def counted(image, options) -> PhotoCount:
    """A count from scratch."""
    segmenter, sees = TruthSegmenter(CONTAINERS), detector()
    containers = segment(image, segmenter, sees, options)
    detected = detect(image, containers, range(len(containers)), sees, options)
    return aggregate(image, containers, detected, options).count


def assert_same(stages, count: PhotoCount) -> None:
    assert [found.polygon.tolist() for found in stages.containers] == [
        part.container.polygon.tolist() for part in count.containers
    ]
    for index, part in enumerate(count.containers):
        assert np.array_equal(stages.kept[index].boxes, part.detections.boxes)
        assert np.array_equal(stages.kept[index].scores, part.detections.scores)
        assert np.array_equal(stages.kept[index].classes, part.detections.classes)
        assert stages.counts[index].estimated == part.estimated
    assert stages.total == count.total


def test_every_rule_acts_in_a_stage():
    assert set(STAGES_OF_RULES) == set(Rule)
    assert set().union(*STAGES_OF_RULES.values()) == {"segment", "detect", "filter", "estimate"}
    assert all(STAGES_OF_RULES[rule] == {"segment"} for rule in SEGMENTER_RULES)


def test_with_all_rules_a_photo_is_counted_as_ever(switch, image):
    assert_same(switch.whole, count_photo(image, TruthSegmenter(CONTAINERS), detector(), OPTIONS))


@pytest.mark.parametrize("rule", list(Rule), ids=str)
def test_without_a_rule_a_photo_is_counted_as_from_scratch_without_it(switch, image, rule):
    """Stages that are not run again would not have differed."""
    assert_same(switch.without(rule), counted(image, replace(OPTIONS, without=frozenset({rule}))))


@pytest.mark.parametrize(
    ("rule", "more_plants", "more_pots"),
    [
        pytest.param(Rule.BORDER_PLANTS, 1, 0, id="a sliver at the border counts"),
        pytest.param(Rule.OCCUPIED_POTS, 0, 4, id="pots with a plant count as empty ones"),
    ],
)
def test_what_a_rule_does_is_undone(switch, rule, more_plants, more_pots):
    before, after = switch.whole, switch.without(rule)
    assert len(after.plants) - len(before.plants) == more_plants
    pots = [sum(len(kept.empties) for kept in stages.kept.values()) for stages in (before, after)]
    assert pots[1] - pots[0] == more_pots


def test_without_suppression_a_box_is_two(switch):
    assert len(switch.whole.containers) + 1 == len(switch.without(Rule.CONTAINER_NMS).containers)


def test_the_detector_runs_a_tile_once(image):
    sees = RecordedDetector(detector())
    switch = RuleSwitch(image, {frozenset(): TruthSegmenter(CONTAINERS)}, sees, OPTIONS)
    before = sees.tiles_run
    for rule in (Rule.BORDER_PLANTS, Rule.SCORE_THRESHOLD, Rule.TRAY_LATTICE, Rule.CONTAINER_NMS):
        switch.without(rule)
    assert before > 0
    assert sees.tiles_run == before


def test_a_segmenters_own_rule_is_off_in_a_segmenter_of_its_own(image):
    other = [rectangle("segment", 0, 0, 300, 600)]
    segmenters = {
        frozenset(): TruthSegmenter(CONTAINERS),
        frozenset({Rule.DESKEW}): TruthSegmenter(other),
    }
    switch = RuleSwitch(image, segmenters, RecordedDetector(detector()), OPTIONS)
    assert [found.type for found in switch.without(Rule.DESKEW).containers] != [
        found.type for found in switch.whole.containers
    ]


@pytest.mark.parametrize("has_boxes", [True, False], ids=["with boxes", "with a number alone"])
def test_outcomes_are_measured_beside_the_truth(switch, has_boxes):
    plants = np.concatenate([BED, BOX])
    truth = PhotoTruth(
        "bed",
        len(plants),
        plants if has_boxes else plants[:0],
        np.zeros(len(plants) if has_boxes else 0, bool),
        np.zeros(len(plants) if has_boxes else 0, bool),
        has_boxes=has_boxes,
    )
    photo = ablate_photo("beds", "a.jpg", switch, truth, [Rule.BORDER_PLANTS])
    outcomes = [photo.whole, photo.without[Rule.BORDER_PLANTS]]
    assert outcomes[1].total == outcomes[0].total + 1
    wrong = [outcome.false_positives for outcome in outcomes]
    assert wrong[1] - wrong[0] == (1 if has_boxes else 0)
    assert all(outcome.true_positives == (len(plants) if has_boxes else 0) for outcome in outcomes)
