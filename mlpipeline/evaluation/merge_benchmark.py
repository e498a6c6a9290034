"""Counting crowds: the share of plants that each way of merging loses or counts twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from mlpipeline.detectors.sahi_merging import count_greedy_nmm, count_nms, sahi_tiles
from mlpipeline.evaluation.synthetic_crowds import Crowd, detect_in_crowd, plant_crowd
from mlpipeline.vision.containers.sliced_detection import MAX_OVERLAP, needed_overlap_px
from mlpipeline.vision.geometry.masks import Region
from mlpipeline.vision.imaging.tiles import Tile, plan_tiles
from mlpipeline.vision.options import DEFAULT_OVERLAP
from mlpipeline.vision.results import Detections
from mlpipeline.vision.tiling.tile_merging import merge_tiles

TILE_PX = 512
RATIOS = (0.8, 0.95, 1.2, 1.5, 1.8)
FIXED_OVERLAPS = (0.25, 0.45)
MANY_ROWS, MANY_COLUMNS, MANY_SHAPE = 96, 128, (6000, 8000)  # seen in 512 px tiles: some 40,000 raw boxes

Way = Callable[[Crowd, int], int]


@dataclass(frozen=True, slots=True)
class CrowdCount:
    """How one way counted one crowd; `error` is signed, as a share of the truth."""

    way: str
    ratio: float
    seed: int
    true: int
    counted: int

    @property
    def error(self) -> float:
        return (self.counted - self.true) / self.true


@dataclass(frozen=True, slots=True)
class MergingTime:
    """What merging the raw boxes of one large crowd took, in seconds."""

    raw_boxes: int
    ours_s: float
    greedy_nmm_s: float


def chosen_tiles(crowd: Crowd) -> tuple[Tile, ...]:
    """The tiles of a count, which chooses the overlap by the size of the plants."""
    overlap_px = needed_overlap_px(crowd.longest_px, 1.0, DEFAULT_OVERLAP)
    everywhere = Region(0, 0, np.ones(crowd.shape, dtype=np.bool_))
    return plan_tiles(everywhere, crowd.shape, TILE_PX, min(overlap_px, MAX_OVERLAP * TILE_PX))


def count_ours(crowd: Crowd, tiles: Iterable[Tile], seed: int) -> int:
    """Plants that our merging leaves of what the tiles show."""
    return len(merge_tiles(detect_in_crowd(crowd, tuple(tiles), seed), crowd.shape, TILE_PX))


def count_chosen(crowd: Crowd, seed: int) -> int:
    """Plants that our merging counts in the tiles it would choose itself."""
    return count_ours(crowd, chosen_tiles(crowd), seed)


def _raw(crowd: Crowd, seed: int) -> Detections:
    tiles = sahi_tiles(crowd.shape, TILE_PX, FIXED_OVERLAPS[0])
    return Detections.concat(seen for _, seen in detect_in_crowd(crowd, tiles, seed))


METHODS: dict[str, Way] = {
    "greedy_nmm": lambda crowd, seed: count_greedy_nmm(_raw(crowd, seed)),
    "nms": lambda crowd, seed: count_nms(_raw(crowd, seed)),
    "ours_25": lambda crowd, seed: count_ours(
        crowd, sahi_tiles(crowd.shape, TILE_PX, FIXED_OVERLAPS[0]), seed
    ),
    "ours_45": lambda crowd, seed: count_ours(
        crowd, sahi_tiles(crowd.shape, TILE_PX, FIXED_OVERLAPS[1]), seed
    ),
    "ours": count_chosen,
}


def count_crowds(ratios: Iterable[float], seeds: Iterable[int]) -> list[CrowdCount]:
    """Every way over every crowd: canopies of each ratio to the spacing, each seed another crowd."""
    chosen = list(seeds)
    return [
        CrowdCount(name, ratio, seed, len(crowd), way(crowd, seed))
        for ratio in ratios
        for seed in chosen
        for crowd in [plant_crowd(ratio, seed)]
        for name, way in METHODS.items()
    ]


def mean_error(counts: Iterable[CrowdCount], way: str, ratio: float) -> float:
    """Mean signed error of a way at a ratio. Raises ValueError where it counted nothing there."""
    return fmean(count.error for count in counts if count.way == way and count.ratio == ratio)


def worst_error(counts: Iterable[CrowdCount], way: str) -> float:
    """The error farthest from 0 of a way, over all crowds. Raises ValueError where it counted none."""
    return max((count.error for count in counts if count.way == way), key=abs)


def time_merging(repeat: int = 5) -> MergingTime:
    """The least CPU time of `repeat` merges of one crowd of 12,288 plants, ours beside GREEDYNMM."""
    crowd = plant_crowd(0.95, 0, rows=MANY_ROWS, columns=MANY_COLUMNS, shape=MANY_SHAPE)
    seen = detect_in_crowd(crowd, sahi_tiles(crowd.shape, TILE_PX, FIXED_OVERLAPS[1]), 0)
    raw = Detections.concat(part for _, part in seen)
    return MergingTime(
        len(raw),
        _least_seconds(lambda: merge_tiles(seen, crowd.shape, TILE_PX), repeat),
        _least_seconds(lambda: count_greedy_nmm(raw), 1),
    )


def _least_seconds(work: Callable[[], object], repeat: int) -> float:
    taken = []
    for _ in range(repeat):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)
