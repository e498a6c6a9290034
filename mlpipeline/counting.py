"""Counting one photo with an engine, in one process and without a database."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlpipeline.detectors.engines import Engine
from mlpipeline.imageio import read_rgb
from mlpipeline.vision.arrays import Image
from mlpipeline.vision.containers import find_containers
from mlpipeline.vision.estimating import estimate_container
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.protocols import Progress
from mlpipeline.vision.results import PhotoCount, unite_warnings

STAGES = ("decode", "segment", "detect", "estimate", "total")


def count_image(
    image: Image, engine: Engine, options: CountOptions, progress: Progress | None = None
) -> PhotoCount:
    """Count the plants of a (H, W, 3) uint8 RGB picture. Raises VisionError when it cannot be counted."""
    seconds: dict[str, float] = {}
    with _timed(seconds, "segment"):
        containers, warnings = find_containers(image, engine.segmenter, options)
    with _timed(seconds, "detect"):
        found = engine.detect(image, containers, range(len(containers)), options, progress)
    with _timed(seconds, "estimate"):
        counts = tuple(
            estimate_container(image, containers, index, detections, options)
            for index, detections in enumerate(found)
        )
    return PhotoCount(
        width=int(image.shape[1]),
        height=int(image.shape[0]),
        containers=counts,
        warnings=unite_warnings([warnings, *(count.warnings for count in counts)]),
        seconds=seconds,
    )


def count_file(path: Path, engine: Engine, options: CountOptions) -> tuple[Image, PhotoCount]:
    """Read and count a photo; returns the picture too, for drawing.

    Raises DemeterError for what is no picture, VisionError when it cannot be counted, OSError when it cannot be read.
    """
    start = time.perf_counter()
    image = read_rgb(path)
    decoded = time.perf_counter() - start
    count = count_image(image, engine, options)
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
        "points": [
            [round(float(x), 1), round(float(y), 1), round(float(score), 3)]
            for (x, y), score in zip(middles, plants.scores, strict=True)
        ],
        "warnings": list(count.warnings),
        "seconds": _rounded(count.seconds),
    }


def _rounded(seconds: Mapping[str, float]) -> dict[str, float]:
    return {stage: round(seconds.get(stage, 0.0), 3) for stage in STAGES}


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        seconds[stage] = time.perf_counter() - start
