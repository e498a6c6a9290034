"""The tiles by which several steps of a count search for the scale of a photo are run once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mlpipeline.detectors.caching_detector import MAX_CACHED_TILES, ProbeCache, prefetch_coarse_probes
from mlpipeline.vision.arrays import Image
from mlpipeline.vision.errors import DetectorFault
from mlpipeline.vision.results import Detections
from mlpipeline.vision.tiling.scale_search import search_scale
from mlpipeline.vision.tiling.tile_runner import TileRunner
from tests.mlpipeline.vision.count_options import make_options


class Counting:
    """Sees one plant a tile, as far from the left as the tile is bright; `answers` says for how many it answers."""

    trained_plant_px = (10.0, 80.0)
    tile_px = 64
    max_det = 300

    def __init__(self, answers: int | None = None) -> None:
        self.shown: list[int] = []
        self.answers = answers

    def detect(self, tiles: Sequence[Image]) -> list[Detections]:
        self.shown += [int(tile[0, 0, 0]) for tile in tiles]
        boxes = [
            np.array([[value, 0, value + 5, 5]], dtype=np.float32) for value in self.shown[-len(tiles) :]
        ]
        found = [Detections(box, np.ones(1, np.float32), np.zeros(1, np.int16)) for box in boxes]
        return found[: self.answers]


def _tile(value: int) -> Image:
    return np.full((64, 64, 3), value, dtype=np.uint8)


def _left(answers: list[Detections]) -> list[int]:
    return [int(answer.boxes[0, 0]) for answer in answers]


def test_the_first_tiles_are_run_once_however_often_they_are_shown() -> None:
    network = Counting()
    detector = ProbeCache(network)
    assert _left(detector.detect([_tile(1)])) == [1]
    assert _left(detector.detect([_tile(1), _tile(2), _tile(1), _tile(3), _tile(2)])) == [1, 2, 1, 3, 2]
    assert _left(detector.detect([_tile(3), _tile(2)])) == [3, 2]
    assert network.shown == [1, 2, 3]


def test_later_tiles_are_run_whenever_they_are_shown() -> None:
    network = Counting()
    detector = ProbeCache(network)
    many = list(range(MAX_CACHED_TILES + 3))
    assert _left(detector.detect([_tile(value) for value in many])) == many
    assert _left(detector.detect([_tile(value) for value in many])) == many
    assert network.shown == [*many, *many[MAX_CACHED_TILES:]]


def test_tiles_that_differ_in_one_pixel_are_told_apart() -> None:
    network = Counting()
    detector, other = ProbeCache(network), _tile(1)
    other[5, 5] = 9
    detector.detect([_tile(1), other])
    assert len(network.shown) == 2


def test_what_becomes_of_the_picture_afterwards_changes_no_memory() -> None:
    network = Counting()
    detector, tile = ProbeCache(network), _tile(1)
    detector.detect([tile])
    tile[:] = 9
    assert _left(detector.detect([tile, _tile(1)])) == [9, 1]


def test_no_tiles_have_no_answers() -> None:
    assert ProbeCache(Counting()).detect([]) == []


def test_a_detector_that_answers_for_fewer_tiles_is_at_fault() -> None:
    detector = ProbeCache(Counting(answers=1))
    detector.detect([_tile(1)])
    with pytest.raises(DetectorFault):
        detector.detect([_tile(2), _tile(3)])


def test_who_asks_while_a_tile_is_run_waits_for_it() -> None:
    begun, may_end = threading.Event(), threading.Event()

    class Slow(Counting):
        def detect(self, tiles: Sequence[Image]) -> list[Detections]:
            begun.set()
            assert may_end.wait(60)
            return super().detect(tiles)

    network = Slow()
    detector = ProbeCache(network)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(detector.detect, [_tile(7)])
        assert begun.wait(60)
        second = threads.submit(detector.detect, [_tile(7)])
        may_end.set()
        assert _left(first.result()) == _left(second.result()) == [7]
    assert network.shown == [7]


def test_the_coarse_probes_are_run_ahead_and_nothing_is_run_twice() -> None:
    network, photo = Counting(), np.full((90, 120, 3), 9, dtype=np.uint8)
    detector = ProbeCache(network)
    with prefetch_coarse_probes(photo, detector):
        search_scale(TileRunner(photo, detector, make_options(), None))
    before = len(network.shown)
    search_scale(TileRunner(photo, detector, make_options(), None))
    assert before
    assert len(network.shown) == before


@pytest.mark.parametrize("side_px", [4000, 8064], ids=["12 megapixels", "48 megapixels"])
def test_the_second_step_of_a_photo_runs_none_of_the_probes_again(side_px: int) -> None:
    """The picture and the tiles are an eighth as large here. Few plants are seen, so the search goes on to the end."""
    shape = (side_px * 3 // 4 // 8, side_px // 8, 3)
    photo = np.random.default_rng(1).integers(0, 60, shape, dtype=np.uint8)
    network = Counting()
    detector = ProbeCache(network)
    search_scale(TileRunner(photo, detector, make_options(), None))
    before = len(network.shown)
    search_scale(TileRunner(photo, detector, make_options(), None))
    assert before > 16
    assert len(network.shown) == before


def test_without_a_detector_nothing_is_run_ahead_and_a_failure_spoils_nothing_else() -> None:
    photo, steps = np.zeros((90, 120, 3), dtype=np.uint8), []
    with prefetch_coarse_probes(photo, None):
        steps.append("segmented")
    with prefetch_coarse_probes(photo, ProbeCache(Counting(answers=0))):
        steps.append("segmented")
    assert steps == ["segmented"] * 2
