"""Ablation: a photo counted with every rule on, then with one rule off at a time, from one run of the networks.

A stage is run again only where its rule acts or what it is given has changed, so most switches cost little.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlpipeline.evaluation.container_iou import compare_outlines, is_right
from mlpipeline.evaluation.ground_truth import PhotoTruth
from mlpipeline.evaluation.matching import match
from mlpipeline.evaluation.recorded_models import RecordedSegmenter
from mlpipeline.vision.arrays import Image, Shape, shape_of
from mlpipeline.vision.filtering.filter_detections import filter_detections
from mlpipeline.vision.geometry.boxes import box_centers
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.pipeline import detect, estimate, segment
from mlpipeline.vision.protocols import Detector, Rescorer, Segmenter
from mlpipeline.vision.results import Container, ContainerCount, Detections
from mlpipeline.vision.rules import STAGES_OF_RULES, Rule


@dataclass(frozen=True, slots=True)
class Outcome:
    """A count of a photo: its total, and how its points lie on the plants that show (0 where the truth has none).

    containers: how many there are, and how many were found with the right outline (0 where the truth has none).
    """

    total: int
    true_positives: int
    false_positives: int
    false_negatives: int
    containers: int = 0
    right_containers: int = 0


@dataclass(frozen=True, slots=True)
class AblatedPhoto:
    """A photo of a group with `true` plants: the outcome with all rules, and with each rule off."""

    group: str
    file: str
    true: int
    whole: Outcome
    without: Mapping[Rule, Outcome]


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """What each stage of a count returned."""

    containers: list[Container]
    detected: dict[int, Detections]
    kept: Mapping[int, Detections]
    counts: dict[int, ContainerCount]

    @property
    def total(self) -> int:
        return sum(count.total for count in self.counts.values())

    @property
    def plants(self) -> Detections:
        """Detected plants that count, living or dead."""
        return Detections.concat(self.kept.values()).plants


class RuleSwitch:
    """Counts one photo over and over, with all rules or without one.

    image: (H, W, 3) uint8 RGB. segmenters: by which of their own rules are off; the one with none off is asked where a
    rule is not theirs. detector: asked for the same tiles again and again, so it should remember them.
    rescorer: its second stage. whole: the stages with all rules.
    """

    def __init__(
        self,
        image: Image,
        segmenters: Mapping[frozenset[Rule], Segmenter],
        detector: Detector,
        options: CountOptions,
        rescorer: Rescorer | None = None,
    ) -> None:
        self._image = image
        self._segmenters = {rules: RecordedSegmenter(one) for rules, one in segmenters.items()}
        self._detector = detector
        self._options = options
        self._rescorer = rescorer
        containers = self._segment(options)
        detected = self._detect(containers, options)
        kept = self._filter(detected, options)
        self.whole = Stages(containers, detected, kept, estimate(image, containers, kept, options))

    @property
    def shape(self) -> Shape:
        """(H, W) of the photo."""
        return shape_of(self._image)

    def without(self, rule: Rule) -> Stages:
        """The stages with a rule off. Those that cannot differ are the whole count's own."""
        options = replace(self._options, without=frozenset({rule}))
        whole, acts = self.whole, STAGES_OF_RULES[rule]
        containers, detected, kept = whole.containers, whole.detected, whole.kept
        differs = False
        if "segment" in acts:
            containers = self._segment(options)
            differs = not _same_containers(containers, whole.containers)
        if differs or "detect" in acts:
            detected = self._detect(containers, options)
            differs = differs or not _same_detections(detected, whole.detected)
        if differs or "filter" in acts:
            kept = self._filter(detected, options)
            differs = differs or not _same_detections(kept, whole.kept)
        if not differs and "estimate" not in acts:
            return Stages(containers, detected, kept, whole.counts)
        return Stages(containers, detected, kept, estimate(self._image, containers, kept, options))

    def _segment(self, options: CountOptions) -> list[Container]:
        segmenter = self._segmenters.get(options.without, self._segmenters[frozenset()])
        return segment(self._image, segmenter, self._detector, options)

    def _detect(self, containers: Sequence[Container], options: CountOptions) -> dict[int, Detections]:
        indices = range(len(containers))
        return detect(self._image, containers, indices, self._detector, options, rescorer=self._rescorer)

    def _filter(self, detected: Mapping[int, Detections], options: CountOptions) -> Mapping[int, Detections]:
        return filter_detections(detected, self.shape, options).kept


def ablate_photo(
    group: str, file: str, switch: RuleSwitch, truth: PhotoTruth, rules: Iterable[Rule]
) -> AblatedPhoto:
    """Count a photo with all rules, and with each of some rules off."""
    shape = switch.shape
    outcomes = {rule: outcome_of(switch.without(rule), truth, shape) for rule in rules}
    return AblatedPhoto(group, file, truth.total, outcome_of(switch.whole, truth, shape), outcomes)


def outcome_of(stages: Stages, truth: PhotoTruth, shape: Shape) -> Outcome:
    """What a count of a picture of `shape` is worth beside the truth."""
    outlines = compare_outlines(truth.containers or (), stages.containers, shape)[0]
    known = (len(outlines), sum(map(is_right, outlines)))
    if not truth.has_boxes:
        return Outcome(stages.total, 0, 0, 0, *known)
    plants = stages.plants
    matching = match(box_centers(plants.boxes), plants.scores, truth.boxes)
    points = (matching.true_positives, matching.false_positives, matching.false_negatives)
    return Outcome(stages.total, *points, *known)


def _same_containers(one: Sequence[Container], other: Sequence[Container]) -> bool:
    return len(one) == len(other) and all(
        (a.type, a.score) == (b.type, b.score) and np.array_equal(a.polygon, b.polygon)
        for a, b in zip(one, other, strict=True)
    )


def _same_detections(one: Mapping[int, Detections], other: Mapping[int, Detections]) -> bool:
    return one.keys() == other.keys() and all(
        np.array_equal(one[index].boxes, other[index].boxes)
        and np.array_equal(one[index].scores, other[index].scores)
        and np.array_equal(one[index].classes, other[index].classes)
        and one[index].warnings == other[index].warnings
        for index in one
    )
