"""What is asked of a whole photo by several steps of its count is run once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mlpipeline.detectors.remembering import RememberingDetector, glancing_ahead
from mlpipeline.vision.arrays import Image
from mlpipeline.vision.errors import DetectorFault
from mlpipeline.vision.overlooked import are_most_outside
from mlpipeline.vision.results import ContainerFound, Detections


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


def test_the_first_tile_is_run_once_however_often_it_is_shown() -> None:
    network = Counting()
    eyes = RememberingDetector(network)
    assert _left(eyes.detect([_tile(1)])) == [1]
    assert _left(eyes.detect([_tile(1), _tile(2), _tile(1), _tile(3)])) == [1, 2, 1, 3]
    assert network.shown == [1, 2, 3]


def test_its_repetitions_in_the_very_first_call_are_known_too() -> None:
    network = Counting()
    assert _left(RememberingDetector(network).detect([_tile(1), _tile(1), _tile(2)])) == [1, 1, 2]
    assert network.shown == [1, 2]


def test_what_becomes_of_the_picture_afterwards_changes_no_memory() -> None:
    network = Counting()
    eyes, tile = RememberingDetector(network), _tile(1)
    eyes.detect([tile])
    tile[:] = 9
    assert _left(eyes.detect([tile, _tile(1)])) == [9, 1]


def test_no_tiles_have_no_answers() -> None:
    assert RememberingDetector(Counting()).detect([]) == []


def test_a_detector_that_answers_for_fewer_tiles_is_at_fault() -> None:
    eyes = RememberingDetector(Counting(answers=1))
    eyes.detect([_tile(1)])
    with pytest.raises(DetectorFault):
        eyes.detect([_tile(2), _tile(3)])


def test_who_asks_while_the_glance_is_taken_waits_for_it() -> None:
    begun, may_end = threading.Event(), threading.Event()

    class Slow(Counting):
        def detect(self, tiles: Sequence[Image]) -> list[Detections]:
            begun.set()
            assert may_end.wait(10)
            return super().detect(tiles)

    network = Slow()
    eyes = RememberingDetector(network)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(eyes.detect, [_tile(7)])
        assert begun.wait(10)
        second = threads.submit(eyes.detect, [_tile(7)])
        may_end.set()
        assert _left(first.result()) == _left(second.result()) == [7]
    assert network.shown == [7]


def test_a_photo_is_glanced_at_ahead_and_nothing_is_asked_twice() -> None:
    network, photo = Counting(), np.full((90, 120, 3), 9, dtype=np.uint8)
    eyes = RememberingDetector(network)
    with glancing_ahead(photo, eyes):
        look_outside(photo, eyes)
    assert len(network.shown) == 1


def test_without_eyes_nothing_is_glanced_at_and_a_failing_glance_spoils_nothing_else() -> None:
    photo, steps = np.zeros((90, 120, 3), dtype=np.uint8), []
    with glancing_ahead(photo, None):
        steps.append("segmented")
    with glancing_ahead(photo, RememberingDetector(Counting(answers=0))):
        steps.append("segmented")
    assert steps == ["segmented"] * 2


def look_outside(photo: Image, eyes: RememberingDetector) -> None:
    bed = np.array([[0, 0], [120, 0], [120, 90], [0, 90]], dtype=np.float32)
    assert not are_most_outside(photo, [ContainerFound("segment", bed, 0.9)], eyes)
