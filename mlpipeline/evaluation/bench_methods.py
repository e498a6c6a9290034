"""The ways to count that the benchmark compares: ours on any engine, and SAHI twice."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mlpipeline.detectors.engines import YoloEngine, shipped_weights, tuned_options
from mlpipeline.detectors.environment import available_cores, prepare_libraries
from mlpipeline.detectors.inference_backend import Batch, InferenceBackend, RawOutput
from mlpipeline.detectors.manifest import Weights
from mlpipeline.detectors.sahi_engine import SahiDetector
from mlpipeline.detectors.torch_forward import use_threads
from mlpipeline.evaluation.bench import Contender, Counted
from mlpipeline.imageio import read_rgb
from mlpipeline.photo_counter import count_file
from mlpipeline.vision.arrays import Floats, shape_of
from mlpipeline.vision.containers.cleaning import container_region
from mlpipeline.vision.geometry.boxes import box_centers
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.protocols import Rescorer
from mlpipeline.vision.rescoring.crops import Crops
from mlpipeline.vision.results import Detections, PhotoCount

SAHI, SAHI_DEFAULT = "sahi", "sahi_default"


@dataclass(slots=True)
class Stopwatch:
    """Adds up the seconds in which at least one network runs: two at once are not counted twice."""

    seconds: float = 0.0
    _running: int = 0
    _since: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def running(self) -> Iterator[None]:
        with self._lock:
            self._since = self._since if self._running else time.perf_counter()
            self._running += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1
                if not self._running:
                    self.seconds += time.perf_counter() - self._since


@dataclass(slots=True)
class TimedForward:
    """An InferenceBackend whose time a stopwatch takes."""

    forward: InferenceBackend
    watch: Stopwatch
    name: str = field(init=False)
    prefers_batches: bool = field(init=False)

    def __post_init__(self) -> None:
        self.name, self.prefers_batches = self.forward.name, self.forward.prefers_batches

    def run(self, batch: Batch) -> RawOutput:
        """See InferenceBackend."""
        with self.watch.running():
            return self.forward.run(batch)


@dataclass(slots=True)
class TimedRescorer:
    """A Rescorer whose time the same stopwatch takes."""

    rescorer: Rescorer
    watch: Stopwatch
    crop_px: int = field(init=False)
    contexts: tuple[float, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.crop_px, self.contexts = self.rescorer.crop_px, self.rescorer.contexts

    def classify(self, crops: Crops, detections: Detections, neighbourhoods: Floats) -> Floats:
        """See Rescorer."""
        with self.watch.running():
            return self.rescorer.classify(crops, detections, neighbourhoods)


class OurCount:
    """Our whole way through a photo, from the file to the count with its interval, on one engine."""

    def __init__(self, backend: str, weights: Mapping[str, Weights]) -> None:
        self.engine = YoloEngine(weights, backend)
        self.options: CountOptions = tuned_options(self.engine)
        self.watch = Stopwatch()
        for network in self.engine.networks:
            network.forward = TimedForward(network.forward, self.watch)
        if self.engine.rescorer is not None:
            self.engine.rescorer = TimedRescorer(self.engine.rescorer, self.watch)

    def count(self, photo: Path) -> Counted:
        """Read and count a photo; raises what `count_file` raises."""
        use_threads(all_threads())
        before = self.watch.seconds
        _, counted = count_file(photo, self.engine, self.options)
        plants = counted.detections.plants
        model_s = self.watch.seconds - before
        return Counted(
            count=counted.total,
            shape=(counted.height, counted.width),
            points=box_centers(plants.boxes),
            scores=plants.scores,
            seconds={**counted.seconds, "model": model_s},
            covered=covered_share(counted),
        )


class SahiCount:
    """SAHI from the file to the count, on a number of threads, with the threshold ours has."""

    def __init__(self, detector: SahiDetector, threads: int) -> None:
        self.detector = detector
        self.threads = threads

    def count(self, photo: Path) -> Counted:
        """Read and count a photo; raises what `read_rgb` raises."""
        use_threads(self.threads)
        image = read_rgb(photo)
        plants = self.detector.detect_image(image, self.detector.min_score).plants
        return Counted(len(plants), shape_of(image), box_centers(plants.boxes), plants.scores)


def all_threads() -> int:
    """The threads that models use here when they have the machine for themselves."""
    prepare_libraries()
    return int(os.environ["OMP_NUM_THREADS"])


def default_threads() -> int:
    """The threads that Ultralytics lets torch use as it comes: all cores but one."""
    return max(available_cores() - 1, 1)


def contenders(backends: list[str]) -> list[Contender]:
    """Ours on each backend, then SAHI on all cores and as it comes: same weights, same threshold.

    Raises ModelUnavailable when weights are missing, or a backend that was named cannot run them.
    """
    weights = shipped_weights()
    ours = [Contender(backend, OurCount(backend, weights).count) for backend in backends]
    sahi = SahiDetector(weights["detection"], weights["detection"].confidence)
    return [
        *ours,
        Contender(SAHI, SahiCount(sahi, all_threads()).count),
        Contender(SAHI_DEFAULT, SahiCount(sahi, default_threads()).count),
    ]


def covered_share(counted: PhotoCount) -> float:
    """The share of a photo that lies within its containers, 0–1."""
    shape = (counted.height, counted.width)
    found = [part.container for part in counted.containers]
    areas = [container_region(shape, found, index).area_px for index in range(len(found))]
    return float(np.sum(areas, dtype=np.float64)) / (shape[0] * shape[1])
