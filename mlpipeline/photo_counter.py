"""Counting one photo with an engine, in one process and without a database."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlpipeline.calibration_store import read_calibration
from mlpipeline.detectors.caching_detector import prefetch_coarse_probes
from mlpipeline.detectors.engines import Engine
from mlpipeline.imageio import read_rgb
from mlpipeline.vision.arrays import Image, Shape, check_is_countable, shape_of
from mlpipeline.vision.estimation.place_priors import NO_PRIORS, PlacePriors
from mlpipeline.vision.imaging.pyramid import shared_pyramid
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.pipeline import STAGES, count_photo
from mlpipeline.vision.protocols import Progress, tile_detector
from mlpipeline.vision.results import PhotoCount

SECONDS = ("decode", *STAGES, "total")

PriorsFor = Callable[[Shape], PlacePriors]  # what is known of the place of a picture of this (H, W)


def no_priors(shape: Shape) -> PlacePriors:
    """Nothing is known of the place."""
    return NO_PRIORS


def count_image(
    image: Image,
    engine: Engine,
    options: CountOptions,
    priors: PlacePriors = NO_PRIORS,
    progress: Progress | None = None,
) -> PhotoCount:
    """Count the plants of a (H, W, 3) uint8 RGB picture. Raises VisionError when it cannot be counted."""
    check_is_countable(image)
    detector = engine.photo_detector(options)
    calibration = read_calibration({weights.kind: weights.sha256 for weights in engine.weights})
    with shared_pyramid(image), prefetch_coarse_probes(image, tile_detector(detector)):
        return count_photo(
            image, engine.segmenter, detector, options, priors, calibration, progress, engine.rescorer
        )


def count_file(
    path: Path, engine: Engine, options: CountOptions, priors_for: PriorsFor = no_priors
) -> tuple[Image, PhotoCount]:
    """Read and count a photo; returns the picture too, for drawing. `priors_for` is asked with the picture's (H, W).

    Raises DemeterError for what is no picture, VisionError when it cannot be counted, OSError when it cannot be read.
    """
    start = time.perf_counter()
    image = read_rgb(path)
    decoded = time.perf_counter() - start
    count = count_image(image, engine, options, priors_for(shape_of(image)))
    total = time.perf_counter() - start
    return image, replace(count, seconds={"decode": decoded, **count.seconds, "total": total})


def count_as_json(file: str, count: PhotoCount) -> dict[str, Any]:
    """One photo's count as `manage.py count --json` prints it; points are the middles of plants, with confidence."""
    plants = count.detections.plants
    middles = (plants.boxes[:, :2] + plants.boxes[:, 2:]) / 2
    return {
        "file": file,
        "width": count.width,
        "height": count.height,
        "containers": [
            {
                "type": part.container.type,
                "polygon": [[round(float(x), 1), round(float(y), 1)] for x, y in part.container.polygon],
                "detected": part.detected,
                "estimated": part.estimated,
                "empty": part.empty,
            }
            for part in count.containers
        ],
        "detected": count.detected,
        "estimated": count.estimated,
        "dead": count.dead,
        "total": count.total,
        "interval": None if count.interval is None else list(count.interval),
        "reasons": list(count.reasons),
        "points": [
            [round(float(x), 1), round(float(y), 1), round(float(score), 3)]
            for (x, y), score in zip(middles, plants.scores, strict=True)
        ],
        "warnings": list(count.warnings),
        "seconds": _rounded(count.seconds),
    }


def _rounded(seconds: Mapping[str, float]) -> dict[str, float]:
    return {stage: round(seconds.get(stage, 0.0), 3) for stage in SECONDS}
