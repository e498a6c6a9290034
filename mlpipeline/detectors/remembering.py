"""Remembering: the glance at the whole of a photo, which several steps of its count ask for, is run once."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np

from mlpipeline.vision.arrays import Image, shape_of
from mlpipeline.vision.errors import DetectorFault
from mlpipeline.vision.looking import first_glance
from mlpipeline.vision.protocols import Detector
from mlpipeline.vision.results import Detections
from mlpipeline.vision.shrinking import pyramid_of


class RememberingDetector:
    """A Detector for one photo, in front of another: the first tile it is ever shown is answered again for nothing.

    That tile is the whole photo, where anything is asked of it: whether containers were overlooked, and then for each
    container how large its plants are. Tiles are compared by their pixels, a fraction of a millisecond each. Who asks
    while that answer is awaited waits for it too.
    """

    def __init__(self, detector: Detector) -> None:
        self.trained_plant_px = detector.trained_plant_px
        self.tile_px = detector.tile_px
        self.max_det = detector.max_det
        self._detector = detector
        self._first: tuple[Image, Detections] | None = None
        self._glancing = threading.Lock()

    def detect(self, tiles: Sequence[Image]) -> list[Detections]:
        """See Detector. Raises DetectorFault where the detector answers for fewer or more tiles than it was shown."""
        if not tiles:
            return []
        with self._glancing:
            if self._first is None:
                self._first = tiles[0].copy(), self._asked(tiles[:1])[0]
            first, answer = self._first
        is_known = [np.array_equal(tile, first) for tile in tiles]
        others = [tile for tile, known in zip(tiles, is_known, strict=True) if not known]
        answers = iter(self._asked(others) if others else [])
        return [answer if known else next(answers) for known in is_known]

    def _asked(self, tiles: Sequence[Image]) -> list[Detections]:
        answers = self._detector.detect(tiles)
        if len(answers) != len(tiles):
            raise DetectorFault(f"{len(tiles)} tiles get {len(tiles)} answers, got {len(answers)}")
        return answers


@contextmanager
def glancing_ahead(image: Image, eyes: Detector | None) -> Iterator[None]:
    """While the body looks for the containers of a photo, another core shows the whole of it to eyes that remember.

    Nothing is done without eyes. What goes wrong in this glance goes wrong again where it is asked for.
    """
    if eyes is None:
        yield
        return
    picture, _tile = pyramid_of(image).cut(first_glance(shape_of(image), eyes.tile_px), eyes.tile_px)
    with ThreadPoolExecutor(1) as beside:
        beside.submit(eyes.detect, [picture])
        yield
