"""Dropping: detections taken away at random, to see how many of them an estimator gives back."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mlpipeline.evaluation.ground_truth import PhotoTruth
from mlpipeline.evaluation.photo_metrics import count_with_estimator
from mlpipeline.evaluation.records import BANDS, DETECTIONS
from mlpipeline.vision.arrays import Image, Shape
from mlpipeline.vision.containers.cleaning import PlantAssignment, whole_picture
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.results import (
    DEAD,
    EMPTY,
    PLANT,
    Container,
    ContainerCount,
    Detections,
    PhotoCount,
)

DROP_SEED = 20  # any number, the same for every run: whoever measures again drops the same detections
DROP_METHODS = (DETECTIONS, BANDS)


@dataclass(frozen=True, slots=True)
class DropRecord:
    """The total of one photo by each of DROP_METHODS after a share of the detections was taken away."""

    file: str
    kind: str
    share: float
    true: int
    totals: dict[str, int]

    def error(self, way: str) -> float:
        """Signed error as a share of the truth, which is above 0."""
        return (self.totals[way] - self.true) / self.true

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def drop_detections(
    name: str,
    image: Image,
    count: PhotoCount,
    true: int,
    kind: str,
    shares: Iterable[float],
    options: CountOptions,
) -> list[DropRecord]:
    """Estimate a counted photo with `true` > 0 plants again, without a share (0–1) of its plants at a time."""
    records = []
    for share in shares:
        rng = np.random.default_rng([DROP_SEED, zlib.crc32(name.encode()), round(share * 1000)])
        left = [thinned(part.detections, share, rng) for part in count.containers]
        totals = {
            DETECTIONS: sum(len(seen.plants) for seen in left),
            BANDS: count_with_estimator(image, count, options, BANDS, left),
        }
        records.append(DropRecord(name, kind, share, true, totals))
    return records


def thinned(detections: Detections, share: float, rng: np.random.Generator) -> Detections:
    """Detections without a random `share` of the plants, rounded; empty pots all stay."""
    plants = np.flatnonzero(detections.classes != EMPTY)
    kept = np.ones(len(detections), dtype=np.bool_)
    kept[rng.permutation(plants)[: round(share * len(plants))]] = False
    return detections.select(kept)


def perfect_count(truth: PhotoTruth, shape: Shape) -> PhotoCount:
    """What a detector without fault would have found on a photo of `shape`: all that shows, and the containers.

    Where the truth knows of no containers the whole picture is one, as in a count that has found none.
    """
    containers = (
        (whole_picture(shape),)
        if truth.containers is None
        else tuple(Container(found.type, found.polygon, 0.9) for found in truth.containers)
    )
    boxes = truth.boxes if truth.empty_boxes is None else np.concatenate([truth.boxes, truth.empty_boxes])
    classes = np.full(len(boxes), EMPTY, dtype=np.int16)
    classes[: len(truth.boxes)] = np.where(truth.is_dead, DEAD, PLANT)
    seen = Detections(boxes, np.full(len(boxes), 0.9, dtype=np.float32), classes)
    assignment = PlantAssignment(shape, containers)
    counts = tuple(
        _counted(container, assignment.assign(seen, index)) for index, container in enumerate(containers)
    )
    return PhotoCount(shape[1], shape[0], counts)


def _counted(container: Container, seen: Detections) -> ContainerCount:
    return ContainerCount(
        container, seen, (), len(seen.plants), 0, dead=len(seen.dead), empty=len(seen.empties)
    )


def mean_errors(records: Sequence[DropRecord], share: float, way: str) -> tuple[float, float]:
    """MAPE and bias of a way where `share` was taken away. Raises ValueError where nothing was measured."""
    errors = np.array([record.error(way) for record in records if record.share == share])
    if not len(errors):
        raise ValueError(f"nothing was measured with {share} dropped")
    return float(np.abs(errors).mean()), float(errors.mean())
