"""Measuring: one photo counted in every way, and what that was worth beside its truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlpipeline.calibration_store import read_calibration
from mlpipeline.detectors.engines import Engine
from mlpipeline.evaluation.container_iou import compare_outlines
from mlpipeline.evaluation.ground_truth import PhotoTruth
from mlpipeline.evaluation.matching import Matching, match
from mlpipeline.evaluation.records import (
    BANDS,
    BINS,
    DETECTIONS,
    NO_BINS,
    OURS,
    SAHI,
    BinRecord,
    MethodCount,
    PhotoRecord,
)
from mlpipeline.photo_counter import count_image
from mlpipeline.vision.arrays import Floats, Image, shape_of
from mlpipeline.vision.estimation.container_count import estimate_container
from mlpipeline.vision.geometry.boxes import box_centers
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.pipeline import detect, filter_detections
from mlpipeline.vision.results import DEAD, Detections, PhotoCount
from mlpipeline.vision.uncertainty.score_calibration import ScoreCalibrator


@dataclass(frozen=True, slots=True)
class EvalSetup:
    """What photos are measured with: our engine with its options, and SAHI with the same weights, or without it."""

    engine: Engine
    options: CountOptions
    sahi: Engine | None = None

    @property
    def probability(self) -> ScoreCalibrator:
        """From scores to probabilities, as measured for these weights; each score itself where nobody has."""
        known = read_calibration({weights.kind: weights.sha256 for weights in self.engine.weights})
        return known.probability if known else ScoreCalibrator()


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredPhoto:
    """A photo that was counted: its record, the count, and how the count's plants lie on the true ones."""

    record: PhotoRecord
    count: PhotoCount
    matching: Matching


def measure_photo(name: str, image: Image, truth: PhotoTruth, setup: EvalSetup) -> MeasuredPhoto:
    """Count a (H, W, 3) uint8 RGB picture in every way. Raises VisionError when it cannot be counted."""
    count = count_image(image, setup.engine, setup.options)
    plants = count.detections.plants
    matching = match_plants(plants, truth)
    known = matching if truth.has_boxes else None
    ways = {
        DETECTIONS: _way(count.detected, known),
        BANDS: _way(count_with_estimator(image, count, setup.options, BANDS), known),
        OURS: _way(count.total, known),
    }
    if setup.sahi is not None:
        seen = _sahi_detections(image, count, setup.sahi, setup.options).plants
        ways[SAHI] = _way(len(seen), match_plants(seen, truth) if truth.has_boxes else None)
    outlines, strange = (
        (None, 0)
        if truth.containers is None
        else compare_outlines(
            truth.containers, [part.container for part in count.containers], (count.height, count.width)
        )
    )
    record = PhotoRecord(
        file=name,
        kind=truth.kind,
        width=count.width,
        height=count.height,
        true=truth.total,
        hidden=truth.hidden,
        plant_px=truth.plant_px,
        crowding=truth.crowding,
        ways=ways,
        dead=None if truth.dead is None else (truth.dead, count.dead),
        dead_hits=None if truth.dead is None or known is None else dead_hits(plants, known, truth),
        empty=None if truth.empty is None else (truth.empty, count.empty),
        containers=outlines,
        strange_containers=strange,
        interval=count.interval,
        bins=NO_BINS if known is None else fill_bins(setup.probability.of(plants), known),
        warnings=count.warnings,
        seconds=sum(count.seconds.values()),
    )
    return MeasuredPhoto(record, count, matching)


def match_plants(plants: Detections, truth: PhotoTruth) -> Matching:
    """Detected plants, by their middles, on the true plants that show."""
    return match(box_centers(plants.boxes), plants.scores, truth.boxes)


def dead_hits(plants: Detections, matching: Matching, truth: PhotoTruth) -> int:
    """How many of the plants that were named dead are dead ones, by `match_plants`."""
    named = matching.point_truth[(plants.classes == DEAD) & matching.is_hit]
    return int(np.count_nonzero(truth.is_dead[named]))


def count_with_estimator(
    image: Image,
    count: PhotoCount,
    options: CountOptions,
    estimator: str,
    detections: Sequence[Detections] | None = None,
) -> int:
    """The total of a photo with another estimator, from the same containers and the same or given detections."""
    containers = [part.container for part in count.containers]
    seen = [part.detections for part in count.containers] if detections is None else detections
    chosen = replace(options, estimator=estimator)
    return sum(
        estimate_container(image, containers, index, found, chosen).total for index, found in enumerate(seen)
    )


def fill_bins(probabilities: Floats, matching: Matching) -> tuple[BinRecord, ...]:
    """The (N,) probabilities of detections sorted into BINS equal stretches, and how many of each are plants."""
    values = np.asarray(probabilities, dtype=np.float64)
    places = np.clip((values * BINS).astype(np.int64), 0, BINS - 1)
    counts = np.bincount(places, minlength=BINS)
    sums = np.bincount(places, weights=values, minlength=BINS)
    hits = np.bincount(places[matching.is_hit], minlength=BINS)
    return tuple(
        BinRecord(count, total, hit)
        for count, total, hit in zip(counts.tolist(), sums.tolist(), hits.tolist(), strict=True)
    )


def _way(total: int, matching: Matching | None) -> MethodCount:
    """A number, and how its points lie on the plants that show: no point is right or wrong where no box is known."""
    if matching is None:
        return MethodCount(total, 0, 0, 0)
    return MethodCount(total, matching.true_positives, matching.false_positives, matching.false_negatives)


def _sahi_detections(image: Image, count: PhotoCount, sahi: Engine, options: CountOptions) -> Detections:
    """SAHI's detections in the containers that we found: the methods differ only in how plants are detected."""
    containers = [part.container for part in count.containers]
    detector = sahi.photo_detector(options)
    detected = detect(image, containers, range(len(containers)), detector, options, rescorer=sahi.rescorer)
    return Detections.concat(filter_detections(detected, shape_of(image), options).kept.values())
