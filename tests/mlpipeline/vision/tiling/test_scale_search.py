"""The scale of a photo is the one at which the detector is surest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from mlpipeline.vision.arrays import Image
from mlpipeline.vision.results import Detections
from mlpipeline.vision.tiling.scale_search import MAX_PROBE_TILES, ScaleSearch, search_scale
from mlpipeline.vision.tiling.tile_runner import TileRunner
from tests.mlpipeline.vision.count_options import make_options
from tests.mlpipeline.vision.fake_detectors import TruthDetector, compass_picture

WIDTH, HEIGHT = 1600, 1200


class Leafy(TruthDetector):
    """Sees plants with a score that falls with the distance from a side of 48 px, and their leaves.

    A leaf has a score of its own and a third of its plant's side; it is seen where that is 12 px or more.
    """

    plant_score, leaf_score = 0.8, 0.45

    def detect(self, tiles: Sequence[Image]) -> list[Detections]:
        plants = self.boxes
        third = (plants[:, 2:] - plants[:, :2]) / 3
        corners = [plants[:, :2] + third * step for step in ((0, 0), (2, 0), (0, 2), (2, 2))]
        leaves = np.concatenate([np.concatenate([low, low + third], axis=1) for low in corners])
        answers = []
        for tile in tiles:
            self.boxes, self.visible_px = plants, (4.0, 140.0)
            self.certainty = np.full(len(plants), self.plant_score)
            seen = self._look(tile)
            side_px = float(np.sqrt(plants[0, 2] - plants[0, 0]) ** 2) * self.scales[-1]
            fade = 0.12 * abs(np.log2(side_px / 48))
            seen = Detections(seen.boxes, np.clip(seen.scores - fade, 0.2, 1), seen.classes)
            self.boxes, self.visible_px = leaves, (12.0, 140.0)
            self.certainty = np.full(len(leaves), self.leaf_score)
            answers.append(Detections.concat([seen, self._look(tile)]))
            self.boxes = plants
        return answers


def plants_of(side: float, spacing: float, shape: tuple[int, int] = (HEIGHT, WIDTH)) -> np.ndarray:
    y, x = np.mgrid[spacing / 2 : shape[0] : spacing, spacing / 2 : shape[1] : spacing]
    middles = np.stack([x.ravel(), y.ravel()], axis=1)
    return np.concatenate([middles - side / 2, middles + side / 2], axis=1).astype(np.float32)


def searched(detector: TruthDetector, picture: Image) -> ScaleSearch:
    return search_scale(TileRunner(picture, detector, make_options(), None))


@pytest.mark.parametrize("side", [20, 45, 90, 180])
def test_plants_with_leaves_are_shown_at_the_size_at_which_they_are_plants(side: int) -> None:
    found = searched(Leafy(WIDTH, HEIGHT, plants_of(side, 1.3 * side)), compass_picture(WIDTH, HEIGHT))
    assert 48 / 2 < side * found.best.tile_px_per_px < 48 * 2


@pytest.mark.parametrize("factor", [2, 4])
def test_the_same_photo_at_a_fraction_of_its_size_has_the_same_scale(factor: int) -> None:
    small = (WIDTH // factor, HEIGHT // factor)
    whole = searched(Leafy(WIDTH, HEIGHT, plants_of(160, 200)), compass_picture(WIDTH, HEIGHT))
    part = searched(Leafy(*small, plants_of(160, 200) / factor), compass_picture(*small))
    ratio = part.best.tile_px_per_px / whole.best.tile_px_per_px / factor
    assert 0.7 < ratio < 1.43


def test_probes_end_where_parts_are_seen_and_are_samples_of_few_tiles() -> None:
    detector = Leafy(WIDTH, HEIGHT, plants_of(200, 260))
    found = searched(detector, compass_picture(WIDTH, HEIGHT))
    assert len(found.probes) == 2
    small = Leafy(WIDTH, HEIGHT, plants_of(20, 26))
    assert all(probe.is_complete for probe in found.probes[:2])
    assert not searched(small, compass_picture(WIDTH, HEIGHT)).best.is_complete
    assert small.tiles_seen <= 2 * (
        2 + 3 * MAX_PROBE_TILES
    )  # each tile is looked at for plants and for leaves


def test_without_a_plant_the_full_image_is_the_best_probe() -> None:
    nothing = TruthDetector(WIDTH, HEIGHT, np.zeros((0, 4), np.float32))
    found = searched(nothing, compass_picture(WIDTH, HEIGHT))
    assert found.best is found.full_image
    assert found.best.sizes is None


def test_one_sure_detection_does_not_outweigh_a_crowd() -> None:
    """A single thing with a high score, at a scale at which nothing else is seen, is chance."""

    class OneGhost(TruthDetector):
        def detect(self, tiles: Sequence[Image]) -> list[Detections]:
            answers = super().detect(tiles)
            ghost = Detections(np.array([[200.0, 200, 250, 250]]), np.array([0.85]), np.zeros(1))
            return [ghost if self.scales[-1] < 0.2 else answer for answer in answers]

    crowd = plants_of(40, 52)
    detector = OneGhost(WIDTH, HEIGHT, crowd, certainty=np.full(len(crowd), 0.6))
    assert searched(detector, compass_picture(WIDTH, HEIGHT)).best.tile_px_per_px > 0.2
