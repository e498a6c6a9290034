"""The benchmark: ways to count, run over the same photos in turn, so that what disturbs one disturbs all."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from mlpipeline.evaluation.bench_memory import with_peak_mb
from mlpipeline.evaluation.ground_truth import PhotoTruth
from mlpipeline.evaluation.matching import Matching, match
from mlpipeline.vision.arrays import Floats, Shape

Clock = Callable[[], float]
Truths = Callable[[Path, Shape], PhotoTruth | None]


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What one way found on one photo.

    count: plants, with those it estimates. shape: (H, W) of the photo. points (N, 2) px and scores (N,) of the plants
    it detected, dead ones too. seconds: what each of its stages took, `model` the time within the networks.
    covered: share of the photo within containers, 0–1; None where the method finds none.
    """

    count: int
    shape: Shape
    points: Floats
    scores: Floats
    seconds: Mapping[str, float] = field(default_factory=dict)
    covered: float | None = None


@dataclass(frozen=True, slots=True)
class Contender:
    """A way to count. `count` reads and counts a photo, and raises what keeps it from being counted."""

    name: str
    count: Callable[[Path], Counted]


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """How one way did on one photo: its best time in s, what it found then, and its extra memory at the peak."""

    seconds: float
    counted: Counted
    peak_mb: float | None
    matching: Matching | None


@dataclass(frozen=True, slots=True, eq=False)
class PhotoBench:
    """One photo: the ways in their order, by name, and the truth where there is any."""

    file: str
    taken: Mapping[str, Taken]
    truth: PhotoTruth | None

    def ratio(self, name: str, of: str) -> float:
        """How many times as long `of` took as `name`."""
        return self.taken[of].seconds / self.taken[name].seconds


def run_bench(
    photos: Sequence[Path],
    contenders: Sequence[Contender],
    read_truth: Truths,
    *,
    repeat: int = 3,
    clock: Clock = time.perf_counter,
) -> Iterator[PhotoBench]:
    """Count each photo `repeat` ≥ 1 times with each way, in turn, the first to run changing from round to round.

    All ways count the first photo once before, so that none pays for loading. Of the times the least stays: whatever
    else the machine does can only add to it. Raises what a way raises for a photo that cannot be counted.
    """
    for contender in contenders if photos else ():
        contender.count(photos[0])
    for photo in photos:
        rounds = [
            {contender.name: _timed(contender, photo, clock) for contender in _turned(contenders, turn)}
            for turn in range(repeat)
        ]
        truth = read_truth(photo, next(iter(rounds[0].values())).counted.shape)
        yield PhotoBench(
            file=str(photo),
            taken={
                contender.name: _best([runs[contender.name] for runs in rounds], truth)
                for contender in contenders
            },
            truth=truth,
        )


def geometric_mean(ratios: Sequence[float]) -> float:
    """The mean of ratios; NaN of none."""
    return math.exp(math.fsum(map(math.log, ratios)) / len(ratios)) if ratios else math.nan


def usual_share(shares: Sequence[float]) -> float:
    """The median share; NaN of none."""
    return median(shares) if shares else math.nan


def _turned(contenders: Sequence[Contender], turn: int) -> list[Contender]:
    first = turn % len(contenders)
    return [*contenders[first:], *contenders[:first]]


def _timed(contender: Contender, photo: Path, clock: Clock) -> Taken:
    def work() -> tuple[Counted, float]:
        start = clock()
        counted = contender.count(photo)
        return counted, clock() - start

    (counted, seconds), peak_mb = with_peak_mb(work)
    return Taken(seconds, counted, peak_mb, None)


def _best(runs: Sequence[Taken], truth: PhotoTruth | None) -> Taken:
    best = min(runs, key=lambda run: run.seconds)
    peaks = [run.peak_mb for run in runs if run.peak_mb is not None]
    found = best.counted
    return Taken(
        best.seconds,
        found,
        max(peaks, default=None),
        None if truth is None else match(found.points, found.scores, truth.boxes),
    )
