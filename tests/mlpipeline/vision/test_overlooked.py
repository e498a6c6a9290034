"""Where most plants stand outside of what was found, the rest of the picture counts too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlpipeline.vision.arrays import Image
from mlpipeline.vision.containers import find_containers
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.results import EMPTY, NO_CONTAINER, ContainerFound, Detections, container_warnings

PICTURE = np.zeros((256, 512, 3), dtype=np.uint8)
BOX = ContainerFound("box", np.array([[0, 0], [100, 0], [100, 100], [0, 100]], dtype=np.float32), 0.9)


class OneBox:
    def segment(self, image: Image) -> list[ContainerFound]:
        return [BOX]


class Seeing:
    """Sees plants of 20 px around some points of the picture, which fills the middle of its tile at half its size."""

    trained_plant_px = (10.0, 80.0)
    tile_px = 256
    max_det = 300

    def __init__(
        self,
        points: Sequence[tuple[float, float]],
        score: float = 0.8,
        pots: Sequence[tuple[float, float]] = (),
    ) -> None:
        points, self.pots = [*points, *pots], len(pots)
        corner = np.array([0, 128], dtype=np.float32)
        self.points = (np.array(points, dtype=np.float32).reshape(-1, 2) + corner) / 2
        self.score = score

    def detect(self, tiles: Sequence[Image]) -> list[Detections]:
        boxes = np.concatenate([self.points - 5, self.points + 5], axis=1)
        scores = np.full(len(boxes), self.score, dtype=np.float32)
        classes = np.zeros(len(boxes), dtype=np.int16)
        classes[len(boxes) - self.pots :] = EMPTY
        return [Detections(boxes, scores, classes) for _ in tiles]


INSIDE = [(30, 30), (60, 30)]
OUTSIDE = [(300, 40), (340, 40), (380, 40)]


def _found(glancer: Seeing) -> tuple[list[str], tuple[str, ...]]:
    containers = find_containers(PICTURE, OneBox(), CountOptions(), glancer)
    return [found.type for found in containers], container_warnings(containers)


def test_with_most_plants_outside_the_rest_of_the_picture_is_a_container() -> None:
    assert _found(Seeing([*INSIDE, *OUTSIDE])) == (["box", "segment"], (NO_CONTAINER,))


def test_a_few_weeds_outside_change_nothing() -> None:
    assert _found(Seeing([*INSIDE, *OUTSIDE[:2]])) == (["box"], ())


def test_weeds_beside_a_box_of_empty_pots_change_nothing_and_pots_outside_are_no_plants() -> None:
    assert _found(Seeing(OUTSIDE, pots=[(20, 20), (50, 20), (80, 20), (20, 60)])) == (["box"], ())
    assert _found(Seeing(INSIDE, pots=OUTSIDE)) == (["box"], ())


def test_plants_seen_unsurely_say_nothing() -> None:
    assert _found(Seeing([*INSIDE, *OUTSIDE], score=0.4)) == (["box"], ())
