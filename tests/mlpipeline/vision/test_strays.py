"""Plants beside boxes that were found: the box they stand in was overlooked, unless they are weeds."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from mlpipeline.vision.arrays import Image
from mlpipeline.vision.containers import find_containers
from mlpipeline.vision.masks import polygon_region
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.results import ContainerFound, Detections, container_warnings

SIDE, GAP = 200, 30
PICTURE = np.zeros((900, 1200, 3), dtype=np.uint8)


def _square(column: int, row: int, kind: str = "box") -> ContainerFound:
    x, y = GAP + column * (SIDE + GAP), GAP + row * (SIDE + GAP)
    corners = [[x, y], [x + SIDE, y], [x + SIDE, y + SIDE], [x, y + SIDE]]
    return ContainerFound(kind, np.array(corners, dtype=np.float32), 0.9)  # type: ignore[arg-type]


class Boxes:
    """A segmenter that has found these containers."""

    def __init__(self, found: Sequence[ContainerFound]) -> None:
        self.found = list(found)

    def segment(self, image: Image) -> list[ContainerFound]:
        return self.found


class Marks:
    """Sees a plant of 60 px wherever the picture has a white dot, through the tiles that it is shown."""

    trained_plant_px = (10.0, 200.0)
    tile_px = 512
    max_det = 300

    def __init__(self, score: float = 0.8) -> None:
        self.score = score

    def detect(self, tiles: Sequence[Image]) -> list[Detections]:
        return [self._seen(tile) for tile in tiles]

    def _seen(self, tile: Image) -> Detections:
        found, _labels, _stats, middles = cv2.connectedComponentsWithStats(
            (tile[:, :, 0] > 128).astype(np.uint8)
        )
        points = middles[1:found].astype(np.float32)
        boxes = np.concatenate([points - 16, points + 16], axis=1)
        scores = np.full(len(boxes), self.score, dtype=np.float32)
        return Detections(boxes, scores, np.zeros(len(boxes), dtype=np.int16))


def _with_dots(*points: tuple[int, int]) -> Image:
    picture = PICTURE.copy()
    for x, y in points:
        picture[y - 6 : y + 7, x - 6 : x + 7] = 255
    return picture


def _middle(column: int, row: int) -> tuple[int, int]:
    x, y = _square(column, row).polygon.mean(axis=0).tolist()
    return int(x), int(y)


def _three(column: int, row: int) -> list[tuple[int, int]]:
    """Three plants in the middle of a square."""
    x, y = _middle(column, row)
    return [(x - 30, y - 20), (x - 30, y + 20), (x + 10, y)]


FOUND = [_square(column, row) for column, row in [(0, 0), (1, 0), (2, 0), (0, 1), (2, 1)]]
IN_BOXES = [_middle(0, 0), _middle(1, 0), _middle(2, 0), _middle(0, 1), _middle(2, 1)]


def _added(
    picture: Image, found: Sequence[ContainerFound] = FOUND, glancer: Marks | None = None
) -> list[ContainerFound]:
    containers = find_containers(picture, Boxes(found), CountOptions(), glancer or Marks())
    assert container_warnings(containers) == ()
    assert [part.score for part in containers[: len(found)]] == [part.score for part in found]
    return containers[len(found) :]


def test_plants_where_a_box_is_missing_stand_in_a_box_of_their_size() -> None:
    (missing,) = _added(_with_dots(*IN_BOXES, *_three(1, 1)))
    assert (missing.type, missing.is_assumed) == ("box", True)
    true = polygon_region(_square(1, 1).polygon, PICTURE.shape[:2]).on(PICTURE.shape[:2])
    mine = polygon_region(missing.polygon, PICTURE.shape[:2]).on(PICTURE.shape[:2])
    assert (true & mine).sum() / (true | mine).sum() > 0.65


def test_also_at_the_end_of_a_row() -> None:
    (missing,) = _added(_with_dots(*IN_BOXES, *_three(3, 1)))
    x, y = missing.polygon.mean(axis=0).tolist()
    assert np.hypot(x - _middle(3, 1)[0], y - _middle(3, 1)[1]) < SIDE / 4


def test_an_assumed_box_takes_nothing_from_the_boxes_that_were_found() -> None:
    (missing,) = _added(_with_dots(*IN_BOXES, *_three(1, 1)))
    taken = polygon_region(missing.polygon, PICTURE.shape[:2]).on(PICTURE.shape[:2])
    for found in FOUND:
        own = polygon_region(found.polygon, PICTURE.shape[:2]).on(PICTURE.shape[:2])
        assert (taken & own).sum() < 0.02 * own.sum()


@pytest.mark.parametrize(
    ("dots", "found", "score"),
    [
        pytest.param([], FOUND, 0.8, id="no plant on the free ground"),
        pytest.param(_three(1, 1), FOUND, 0.4, id="plants seen unsurely"),
        pytest.param(_three(1, 1)[:2], FOUND, 0.8, id="two weeds"),
        pytest.param(_three(4, 2), FOUND, 0.8, id="weeds far from the boxes"),
        pytest.param(
            [(GAP + SIDE + GAP // 2, _middle(0, 0)[1] + step) for step in (-60, 0, 60)],
            FOUND,
            0.8,
            id="plants in the gap of two",
        ),
        pytest.param(
            [*_three(1, 1), *_three(0, 0), *_three(1, 0)], FOUND[:2], 0.8, id="two boxes are no company"
        ),
        pytest.param(
            _three(1, 1), [_square(c, r, "segment") for c, r in [(0, 0), (1, 0), (2, 0)]], 0.8, id="beds"
        ),
    ],
)
def test_nothing_is_assumed_for(dots, found, score) -> None:
    picture = _with_dots(*[_middle(column, 0) for column in range(3)], *dots)
    assert _added(picture, found, Marks(score)) == []
