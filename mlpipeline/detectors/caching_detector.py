"""A detector of one photo that caches the first tiles: several steps of a count search for the scale of the photo."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np

from mlpipeline.vision.arrays import Image, shape_of
from mlpipeline.vision.errors import DetectorFault
from mlpipeline.vision.imaging.pyramid import pyramid_of
from mlpipeline.vision.protocols import Detector
from mlpipeline.vision.results import Detections
from mlpipeline.vision.tiling.scale_search import coarse_tiles

#: The probes of a scale search are 18 tiles at most where the tile over the whole picture is up to 4 096 px, and 22 up
#: to 8 192 (48 megapixels): two, then four at each finer scale. A tile of 512 px is 0.8 MB.
MAX_CACHED_TILES = 22
KEY_STEP_PX = 32  # a tile is looked up by every so many of its pixels, then compared by all


class ProbeCache:
    """A Detector for one photo, in front of another: the first MAX_CACHED_TILES tiles are run once.

    Those are the probes of the scale search, which every step runs first. Tiles are compared by their pixels, a
    fraction of a millisecond each. A thread that needs tiles while others are run for the cache waits for them.
    """

    def __init__(self, detector: Detector) -> None:
        self.trained_plant_px = detector.trained_plant_px
        self.tile_px = detector.tile_px
        self.max_det = detector.max_det
        self._detector = detector
        self._cached: dict[bytes, list[tuple[Image, Detections]]] = {}
        self._count = 0
        self._lock = threading.Lock()

    def detect(self, tiles: Sequence[Image]) -> list[Detections]:
        """See Detector. Raises DetectorFault where the detector answers for fewer or more tiles than it was shown."""
        answers: dict[int, Detections] = {}
        with self._lock:
            for place, tile in enumerate(tiles):
                answer = self._known(tile)
                if answer is None and self._count < MAX_CACHED_TILES:
                    answer = self._run_and_cache(tiles[place:])
                if answer is not None:
                    answers[place] = answer
        others = [place for place in range(len(tiles)) if place not in answers]
        answers |= zip(others, self._run([tiles[place] for place in others]), strict=True)
        return [answers[place] for place in range(len(tiles))]

    def _known(self, tile: Image) -> Detections | None:
        candidates = self._cached.get(_key(tile), [])
        return next((answer for shown, answer in candidates if np.array_equal(shown, tile)), None)

    def _run_and_cache(self, tiles: Sequence[Image]) -> Detections:
        """Run those of some tiles, of which the first is unknown, for which there is room. Returns its detections."""
        fresh: list[Image] = []
        for tile in tiles:
            is_new = self._known(tile) is None and not any(np.array_equal(tile, other) for other in fresh)
            if is_new and self._count + len(fresh) < MAX_CACHED_TILES:
                fresh.append(tile.copy())
        answers = self._run(fresh)
        for tile, answer in zip(fresh, answers, strict=True):
            self._cached.setdefault(_key(tile), []).append((tile, answer))
        self._count += len(fresh)
        return answers[0]

    def _run(self, tiles: Sequence[Image]) -> list[Detections]:
        if not tiles:
            return []
        answers = self._detector.detect(tiles)
        if len(answers) != len(tiles):
            raise DetectorFault(f"{len(tiles)} tiles get {len(tiles)} answers, got {len(answers)}")
        return answers


def _key(tile: Image) -> bytes:
    return tile[::KEY_STEP_PX, ::KEY_STEP_PX].tobytes()


@contextmanager
def prefetch_coarse_probes(image: Image, detector: Detector | None) -> Iterator[None]:
    """While the body segments a photo, another core runs its coarse probes on a caching detector.

    Nothing is done without a detector. What goes wrong here goes wrong again where the tile is needed.
    """
    if detector is None:
        yield
        return
    pyramid, tile_px = pyramid_of(image), detector.tile_px
    tiles = [pyramid.cut(tile, tile_px)[0] for tile in coarse_tiles(shape_of(image), tile_px)]
    with ThreadPoolExecutor(1) as other_core:
        other_core.submit(detector.detect, tiles)
        yield
