"""The detector of the photo at hand, kept: the steps of one photo follow each other in the same process.

A photo's detector caches the probes of the whole photo, which each step needs first.
"""

import threading
from dataclasses import dataclass
from uuid import UUID

from mlpipeline.detectors.engines import Engine
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.protocols import Detector, ImageDetector
from photos.models import Image


@dataclass(frozen=True, slots=True)
class _CachedDetector:
    """A photo's detector, and the engine and minimum score that it was made for."""

    photo: UUID
    engine: Engine
    min_score: float
    detector: Detector | ImageDetector


_lock = threading.Lock()
_last: list[_CachedDetector] = []  # at most one, as of originals


def cached_detector(image: Image, engine: Engine, options: CountOptions) -> Detector | ImageDetector:
    """What finds plants in a photo: see `Engine.photo_detector`. Of several photos only the last one's is kept."""
    asked = (image.pk, options.proposal_score)
    with _lock:
        for cached in _last:
            if (cached.photo, cached.min_score) == asked and cached.engine is engine:
                return cached.detector
        detector = engine.photo_detector(options)
        _last[:] = [_CachedDetector(image.pk, engine, options.proposal_score, detector)]
        return detector
