"""Models that remember on disk what they saw: a photo is counted with many switches, its networks run once.

A tile is known by its pixels, so whatever the rules ask for is run when it is asked for the first time and never again,
and a count from memory is the count itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mlpipeline.vision.arrays import Image
from mlpipeline.vision.protocols import Detector, Segmenter
from mlpipeline.vision.results import Container, Detections

_KEY_BYTES = 16


class RecordedDetector:
    """A Detector for one photo, in front of another, which is asked for no tile twice.

    file: where the answers lie; None keeps them in memory alone. They belong to these weights and this minimum score.
    """

    def __init__(self, detector: Detector, file: Path | None = None) -> None:
        self.trained_plant_px = detector.trained_plant_px
        self.tile_px = detector.tile_px
        self.max_det = detector.max_det
        self.tiles_run = 0
        self._detector = detector
        self._file = file
        self._known = _read_answers(file) if file is not None and file.is_file() else {}

    def detect(self, tiles: Sequence[Image]) -> list[Detections]:
        """See Detector."""
        keys = [_key_of(tile) for tile in tiles]
        fresh = list(dict.fromkeys(key for key in keys if key not in self._known))
        if fresh:
            answers = self._detector.detect([tiles[keys.index(key)] for key in fresh])
            self._known |= zip(fresh, answers, strict=True)
            self.tiles_run += len(fresh)
        return [self._known[key] for key in keys]

    def save(self) -> None:
        """Write what was run since the answers were read."""
        if self._file is None or not self.tiles_run:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        everything = Detections.concat(self._known.values())
        part = self._file.with_suffix(".part")
        with part.open("wb") as stream:
            np.savez_compressed(
                stream,
                keys=np.frombuffer(b"".join(self._known), np.uint8).reshape(-1, _KEY_BYTES),
                counts=np.array([len(answer) for answer in self._known.values()], dtype=np.int64),
                boxes=everything.boxes,
                scores=everything.scores,
                classes=everything.classes,
            )
        part.replace(self._file)


class RecordedSegmenter:
    """A Segmenter for one photo that runs once."""

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        self._answer: list[Container] | None = None

    def segment(self, image: Image) -> list[Container]:
        """See Segmenter."""
        if self._answer is None:
            self._answer = self._segmenter.segment(image)
        return self._answer


def _key_of(tile: Image) -> bytes:
    return hashlib.blake2b(tile.tobytes(), digest_size=_KEY_BYTES).digest()


def _read_answers(file: Path) -> dict[bytes, Detections]:
    with np.load(file) as stored:
        everything = Detections(stored["boxes"], stored["scores"], stored["classes"])
        keys, ends = stored["keys"], np.cumsum(stored["counts"]).tolist()
    starts = [0, *ends[:-1]]
    return {
        key.tobytes(): everything.select(np.arange(start, end))
        for key, start, end in zip(keys, starts, ends, strict=True)
    }
