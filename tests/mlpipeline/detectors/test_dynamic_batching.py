"""One detector that several threads share: batches are common, answers and errors are each one's own."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mlpipeline.detectors.dynamic_batching import BatchingDetector
from mlpipeline.vision.errors import DetectorFault
from mlpipeline.vision.results import Detections

BAD = 255
WAIT_S = 60
MANY = 1000  # tiles that never come together here


class MirrorDetector:
    """Answers each tile with one box whose left edge is the tile's grey, and notes how it was asked."""

    trained_plant_px = (16.0, 120.0)
    tile_px = 32
    max_det = 300

    def __init__(self):
        self.calls = []
        self.most_at_once = 0
        self._inside = 0
        self._lock = threading.Lock()

    def detect(self, tiles):
        with self._lock:
            self._inside += 1
            self.most_at_once = max(self.most_at_once, self._inside)
        greys = [int(tile[0, 0, 0]) for tile in tiles]
        self.calls.append(greys)
        with self._lock:
            self._inside -= 1
        if BAD in greys:
            raise DetectorFault("a tile that no detector can bear")
        return [Detections([[grey, 0, grey + 1, 1]], [0.9], [0]) for grey in greys]


def tile(grey):
    return np.full((32, 32, 3), grey, np.uint8)


def ask_together(detector, wishes):
    """Let each list of greys be asked for in a thread of its own, all having joined. One outcome each."""
    ready = threading.Barrier(len(wishes), timeout=WAIT_S)

    def ask(greys):
        with detector.participate():
            ready.wait()
            try:
                return [int(answer.boxes[0, 0]) for answer in detector.detect([tile(grey) for grey in greys])]
            except DetectorFault as error:
                return str(error)

    with ThreadPoolExecutor(len(wishes)) as threads:
        return [job.result(WAIT_S) for job in [threads.submit(ask, greys) for greys in wishes]]


def test_who_is_alone_is_answered_at_once():
    inner = MirrorDetector()
    detector = BatchingDetector(inner, MANY)
    assert detector.detect([]) == []
    assert [int(answer.boxes[0, 0]) for answer in detector.detect([tile(3), tile(4)])] == [3, 4]
    assert inner.calls == [[], [3, 4]]


def test_it_says_of_itself_what_the_detector_behind_it_says():
    detector = BatchingDetector(MirrorDetector(), MANY)
    assert (detector.trained_plant_px, detector.tile_px, detector.max_det) == ((16.0, 120.0), 32, 300)


def test_what_all_ask_together_is_one_call_and_each_gets_its_own_answers():
    inner = MirrorDetector()
    wishes = [[1, 2], [11, 12, 13], [21], [31, 32]]
    assert ask_together(BatchingDetector(inner, MANY), wishes) == wishes
    assert [sorted(call) for call in inner.calls] == [[1, 2, 11, 12, 13, 21, 31, 32]]


def test_who_leaves_keeps_nobody_waiting():
    inner = MirrorDetector()
    detector = BatchingDetector(inner, MANY)
    asked = threading.Event()

    def leave_late():
        with detector.participate():
            asked.set()

    def ask():
        with detector.participate():
            assert asked.wait(WAIT_S)
            return detector.detect([tile(7)])

    with ThreadPoolExecutor(2) as threads:
        job = threads.submit(ask)
        threads.submit(leave_late).result(WAIT_S)
        assert len(job.result(WAIT_S)) == 1
    assert inner.calls == [[7]]


def test_enough_tiles_are_run_without_waiting_for_the_others():
    inner = MirrorDetector()
    detector = BatchingDetector(inner, enough_tiles=2)
    with detector.participate():  # somebody who is busy with something else
        assert len(detector.detect([tile(1), tile(2)])) == 2
    assert inner.calls == [[1, 2]]


def test_a_tile_that_breaks_the_detector_is_the_fault_of_its_own_photo_alone():
    inner = MirrorDetector()
    outcomes = ask_together(BatchingDetector(inner, MANY), [[1, 2], [BAD], [3]])
    assert outcomes == [[1, 2], "a tile that no detector can bear", [3]]
    assert sorted(map(sorted, inner.calls[1:])) == [[1, 2], [3], [BAD]]


def test_a_detector_that_answers_too_few_tiles_is_asked_again_photo_by_photo():
    class Forgetful(MirrorDetector):
        def detect(self, tiles):
            answers = super().detect(tiles)
            return answers[:-1] if len(tiles) > 2 else answers

    assert ask_together(BatchingDetector(Forgetful(), MANY), [[1, 2], [3]]) == [[1, 2], [3]]


def test_the_detector_is_never_asked_twice_at_a_time():
    inner = MirrorDetector()
    detector = BatchingDetector(inner, enough_tiles=1)

    def ask_often(start):
        with detector.participate():
            return [int(detector.detect([tile(start + turn)])[0].boxes[0, 0]) for turn in range(20)]

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(ask_often, [0, 50, 100, 150]))
    assert answers == [list(range(start, start + 20)) for start in (0, 50, 100, 150)]
    assert inner.most_at_once == 1


@pytest.mark.parametrize("threads", [2, 5])
def test_threads_that_ask_in_turns_all_come_to_an_end(threads):
    inner = MirrorDetector()
    wishes = [[number] for number in range(threads)]
    detector = BatchingDetector(inner, MANY)
    assert [ask_together(detector, wishes) for _turn in range(5)] == [wishes] * 5
    assert len(inner.calls) == 5
