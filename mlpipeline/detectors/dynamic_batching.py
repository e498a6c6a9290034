"""One detector for photos that are counted at the same time: what they ask for together is run together."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from mlpipeline.vision.arrays import Image
from mlpipeline.vision.protocols import Detector
from mlpipeline.vision.results import Detections


@dataclass(eq=False, slots=True)
class _Request:
    """The tiles of one photo, and in the end their answers or the error that they met."""

    tiles: list[Image]
    answers: list[Detections] | None = None
    error: Exception | None = None

    @property
    def is_done(self) -> bool:
        return self.answers is not None or self.error is not None


class BatchingDetector:
    """A Detector for several threads, each with a photo of its own, in front of one for a single thread.

    A batch is run as soon as everybody who has joined waits for an answer, or `enough_tiles` wait: as many as keep
    the GPU busy, so that it is not idle for the sake of more. One of the waiting threads runs it, so there is no thread
    more and no time-out. A batch that fails is run again photo by photo: what is wrong with one, or is too large for
    the memory only together, is no fault of the others.
    """

    def __init__(self, detector: Detector, enough_tiles: int) -> None:
        self.trained_plant_px = detector.trained_plant_px
        self.tile_px = detector.tile_px
        self.max_det = detector.max_det
        self._detector = detector
        self._enough_tiles = enough_tiles
        self._changed = threading.Condition()
        self._participants = 0
        self._waiting: list[_Request] = []
        self._is_running = False

    @contextmanager
    def participate(self) -> Iterator[None]:
        """While the body runs, batches wait for this thread's tiles too. Read the photo before: it takes long."""
        with self._changed:
            self._participants += 1
        try:
            yield
        finally:
            with self._changed:
                self._participants -= 1
                self._changed.notify_all()  # those who wait may have waited for this thread alone

    def detect(self, tiles: Sequence[Image]) -> list[Detections]:
        """See Detector. Waits until the batch has run; raises what the detector raises for these tiles alone."""
        own = _Request(list(tiles))
        with self._changed:
            self._waiting.append(own)
            self._changed.notify_all()
            self._changed.wait_for(lambda: own.is_done or self._may_run())
            if not own.is_done:
                batch, self._waiting = self._waiting, []
                self._is_running = True
        if not own.is_done:
            try:
                self._run(batch)
            finally:
                with self._changed:
                    self._is_running = False
                    self._changed.notify_all()
        if own.error is not None:
            raise own.error
        return own.answers or []

    def _may_run(self) -> bool:
        if self._is_running:
            return False
        tiles = sum(len(request.tiles) for request in self._waiting)
        return len(self._waiting) >= self._participants or tiles >= self._enough_tiles

    def _run(self, batch: Sequence[_Request]) -> None:
        try:
            answers = self._detector.detect([tile for request in batch for tile in request.tiles])
        except Exception as error:  # noqa: BLE001 - raised again in the thread whose tiles meet it alone
            self._run_each(batch, error)
            return
        if len(batch) > 1 and len(answers) != sum(len(request.tiles) for request in batch):
            self._run_each(batch, None)  # nobody can say whose answer is missing
            return
        rest = iter(answers)
        for request in batch[:-1]:
            request.answers = [next(rest) for _ in request.tiles]
        batch[-1].answers = list(rest)

    def _run_each(self, batch: Sequence[_Request], error: Exception | None) -> None:
        if len(batch) == 1:
            batch[0].error = error
            return
        for request in batch:
            self._run([request])
