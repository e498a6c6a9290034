"""The scale of a photo: the one of a few at which the detections have the highest mean score.

Too small, plants blur into each other; too large, their leaves and the grains of the ground look like plants. Both
lower the scores: the mean score of the plants is highest at the size at which they are plants. So the photo is run
at half the size at which it fills a tile, then filling it, then twice as fine again and again, until the mean score
falls. Fine probes are cut to a sample of tiles, so that the search stays cheap however large the picture is.

All containers share the scale of the photo: a pot of one plant has too few detections to choose by. And it does not
depend on the containers, so that they can be checked by what the best probe shows (`containers.find_containers`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlpipeline.vision.arrays import Floats, Shape
from mlpipeline.vision.geometry.masks import Region
from mlpipeline.vision.imaging.tiles import Tile, integer_ratio_side, plan_tiles, whole_tile
from mlpipeline.vision.results import Detections
from mlpipeline.vision.rules import Rule
from mlpipeline.vision.thresholds import DetectionThresholds
from mlpipeline.vision.tiling.plant_scale import MIN_SIZED_COUNT, PlantSizes, measure_sizes
from mlpipeline.vision.tiling.tile_merging import merge_tiles
from mlpipeline.vision.tiling.tile_runner import TileRunner

PROBE_STEP = 2.0  # factor between the scales of two probes
PROBE_OVERLAP = 0.3  # of a tile's side: plants up to the largest that the weights know are whole in one tile
MAX_PROBE_TILES = 4
# Plants too small at twice their size hold no detail to detect.
MAX_PROBE_ENLARGEMENT = 2.0
# Tile px per picture px of the full-image tile at most: the plants of a small picture may be large in it.
MAX_FULL_IMAGE_SCALE = 0.8


@dataclass(frozen=True, slots=True)
class ScaleProbe:
    """The detections at one scale, in full-image px, on all of the picture or on a sample of tiles.

    is_complete: whether all of the picture was shown. tile_px_per_px: the scale. thresholds: how the detector's scores
    are read.
    """

    detected: Detections
    is_complete: bool
    tile_px_per_px: float
    thresholds: DetectionThresholds

    @property
    def confident(self) -> Detections:
        """Plants and empty pots with scores by which sizes may be measured; all of them where none has."""
        confident = self.detected.select(self.detected.scores >= self.thresholds.min_confident_score)
        return confident if len(confident) else self.detected

    @property
    def sizes(self) -> PlantSizes | None:
        """Sizes of the plants in picture px; None where nothing was detected."""
        return measure_sizes(self.confident)

    @property
    def tile_sizes(self) -> PlantSizes | None:
        """Sizes in tile px."""
        return self.sizes * self.tile_px_per_px if self.sizes else None

    @property
    def scores(self) -> Floats:
        """(N,) scores by which a scale is judged: those of plants and empty pots from `min_probe_score` on."""
        return self.detected.scores[self.detected.scores >= self.thresholds.min_probe_score]

    @property
    def mean_score(self) -> float:
        """Mean score of plants and empty pots, drawn towards the prior where they are few."""
        scores, prior = self.scores, self.thresholds.probe_prior_count
        return (float(scores.sum()) + prior * self.thresholds.probe_prior_score) / (len(scores) + prior)


@dataclass(frozen=True, slots=True)
class ScaleSearch:
    """The probes of a photo, coarse to fine, and the one whose scale is the photo's."""

    probes: tuple[ScaleProbe, ...]
    best: ScaleProbe

    @property
    def full_image(self) -> ScaleProbe:
        """The probe whose tile the picture fills."""
        return self.probes[1]


def full_image_tile(shape: Shape, tile_px: int) -> Tile:
    """The tile that a picture of `shape` fills."""
    return whole_tile(
        shape, integer_ratio_side(max(*shape, math.ceil(tile_px / MAX_FULL_IMAGE_SCALE)), tile_px)
    )


def coarse_tiles(shape: Shape, tile_px: int) -> tuple[Tile, Tile]:
    """The tiles of the first two probes: the picture at half the size of a tile, and filling it."""
    full = full_image_tile(shape, tile_px)
    return whole_tile(shape, round(PROBE_STEP * full.side_px)), full


def search_scale(runner: TileRunner) -> ScaleSearch:
    """Find the scale of the runner's picture; the answer depends on nothing but the picture and the detector."""
    tile_px, shape = runner.detector.tile_px, runner.shape
    coarse = coarse_tiles(shape, tile_px)
    probes = [_probe((tile,), runner) for tile in coarse]
    whole = Region(0, 0, np.ones(shape, dtype=np.bool_))
    side_px = coarse[-1].side_px / PROBE_STEP
    finest_px = max(tile_px / min(MAX_PROBE_ENLARGEMENT, runner.options.max_enlargement), 1.0)
    while side_px >= finest_px and not _has_faded(probes, runner):
        side = math.ceil(side_px)
        probes.append(_probe(plan_tiles(whole, shape, side, PROBE_OVERLAP * side), runner))
        side_px /= PROBE_STEP
    if not runner.options.has(Rule.SCALE_SEARCH):
        return ScaleSearch(tuple(probes), probes[1])
    best = max(probes, key=lambda probe: probe.mean_score)
    return ScaleSearch(tuple(probes), best if len(best.detected) else probes[1])


def _has_faded(probes: Sequence[ScaleProbe], runner: TileRunner) -> bool:
    """Whether the last probe has lower scores than the best: its detections are parts of plants.

    Few detections prove nothing, and what is smaller than any plant in training may score high in a finer probe.
    """
    best, last = max(probes, key=lambda probe: probe.mean_score), probes[-1]
    if max(len(best.scores), len(last.scores)) < MIN_SIZED_COUNT:
        return False
    if last.tile_sizes is not None and last.tile_sizes.median_px < runner.detector.trained_plant_px[0]:
        return False
    return last.mean_score < best.mean_score - runner.options.plant_thresholds.max_probe_score_drop


def _probe(tiles: Sequence[Tile], runner: TileRunner) -> ScaleProbe:
    """The detections on a sample of tiles of one size."""
    tile_px, sample = runner.detector.tile_px, _sampled(tiles)
    answers = list(zip(sample, runner.run(sample), strict=True))
    detected = merge_tiles(answers, runner.shape, tile_px, runner.options.iou)
    is_complete = len(sample) == len(tiles)
    return ScaleProbe(detected, is_complete, tile_px / tiles[0].side_px, runner.options.plant_thresholds)


def _sampled(tiles: Sequence[Tile]) -> Sequence[Tile]:
    """MAX_PROBE_TILES of the tiles at most, each from the middle of its part of the list: from far to near.

    They may be of one column. A sample of all rows and columns was tried and counted no better (docs/accuracy.md).
    """
    if len(tiles) <= MAX_PROBE_TILES:
        return tiles
    return [tiles[(2 * k + 1) * len(tiles) // (2 * MAX_PROBE_TILES)] for k in range(MAX_PROBE_TILES)]
