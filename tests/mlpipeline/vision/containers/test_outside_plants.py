"""Where many plants stand outside of what was found, the rest of the picture counts too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from mlpipeline.vision.arrays import Image
from mlpipeline.vision.containers.cleaning import find_containers
from mlpipeline.vision.results import EMPTY, NO_CONTAINER, Container, container_warnings
from tests.mlpipeline.vision.count_options import make_options
from tests.mlpipeline.vision.fake_detectors import TruthDetector, TruthSegmenter, compass_picture
from tests.mlpipeline.vision.synthetic_images import rectangle

PICTURE = compass_picture(512, 256)
BOX = Container("box", np.array([[0, 0], [100, 0], [100, 100], [0, 100]], dtype=np.float32), 0.9)


class OneBox:
    def __init__(self, score: float = 0.9) -> None:
        self.score = score

    def segment(self, image: Image) -> list[Container]:
        return [replace(BOX, score=self.score)]


def seeing(
    points: Sequence[tuple[float, float]],
    score: float = 0.8,
    pots: Sequence[tuple[float, float]] = (),
) -> TruthDetector:
    """Sees plants and pots of 16 px around some points of the picture."""
    middles = np.array([*points, *pots], dtype=np.float32).reshape(-1, 2)
    classes = np.zeros(len(middles), dtype=np.int16)
    classes[len(points) :] = EMPTY
    boxes = np.concatenate([middles - 8, middles + 8], axis=1)
    certainty = np.full(len(boxes), score + 0.05)
    return TruthDetector(512, 256, boxes, classes, visible_px=(6.0, 60.0), certainty=certainty)


INNER_BOX = rectangle("box", 8, 0, 100, 100)
BEDS = {"whole_containers_only": [], "largest_segment_only": [rectangle("segment", 120, 120, 430, 250)]}
INSIDE = [(x, y) for x in (20, 40, 60, 80) for y in (20, 40, 60, 80)]
FULL = [(x, y) for x in range(10, 100, 18) for y in range(10, 100, 18)]
OUTSIDE = [(300, 40), (340, 40), (380, 40)]


def _found(detector: TruthDetector, score: float = 0.9) -> tuple[list[str], tuple[str, ...]]:
    containers = find_containers(PICTURE, OneBox(score), make_options(), detector)
    return [found.type for found in containers], container_warnings(containers)


def test_with_many_plants_outside_the_rest_of_the_picture_is_a_container() -> None:
    assert _found(seeing([*INSIDE, *OUTSIDE])) == (["box", "segment"], (NO_CONTAINER,))


@pytest.mark.parametrize(
    ("setting", "left"),
    [
        pytest.param("whole_containers_only", ["box"], id="the edge cuts the neighbour's"),
        pytest.param("largest_segment_only", ["box", "segment"], id="the smaller stretch is the neighbour's"),
    ],
)
def test_beside_a_container_that_was_left_out_as_a_neighbours_the_rest_of_the_picture_does_not_count(
    setting: str, left: list[str]
) -> None:
    detector = seeing([*INSIDE, *OUTSIDE])
    segmenter = TruthSegmenter([INNER_BOX, rectangle("segment", 440, 0, 512, 60), *BEDS[setting]])
    counted = find_containers(PICTURE, segmenter, make_options(**{setting: True}), detector)
    assert [found.type for found in counted] == left
    assert container_warnings(counted) == ()
    everything = find_containers(PICTURE, segmenter, make_options(), detector)
    assert container_warnings(everything) == (NO_CONTAINER,)


def test_then_only_trusted_outlines_stay() -> None:
    """The squares of a string grid were taken for boxes, with scores up to .6."""
    assert _found(seeing([*INSIDE, *OUTSIDE]), score=0.6) == (["segment"], (NO_CONTAINER,))
    assert _found(seeing(INSIDE), score=0.6) == (["box"], ())


def test_a_few_weeds_outside_change_nothing() -> None:
    assert _found(seeing([*INSIDE, *OUTSIDE[:2]])) == (["box"], ())


def test_weeds_beside_a_full_box_or_one_of_empty_pots_change_nothing_and_pots_outside_are_no_plants() -> None:
    assert _found(seeing([*FULL, *OUTSIDE])) == (["box"], ())
    assert _found(seeing(OUTSIDE, pots=FULL)) == (["box"], ())
    assert _found(seeing(INSIDE, pots=OUTSIDE)) == (["box"], ())


def test_plants_with_low_scores_say_nothing() -> None:
    assert _found(seeing([*INSIDE, *OUTSIDE], score=0.4)) == (["box"], ())
