"""The detector of a photo, and what it was asked first, is kept for its next step."""

import uuid
from dataclasses import replace

import numpy as np
import pytest

from mlpipeline.detectors.caching_detector import ProbeCache
from mlpipeline.services.detector_cache import cached_detector
from mlpipeline.vision.rules import Rule
from photos.models import Image
from tests.mlpipeline.vision.count_options import make_options
from tests.mlpipeline.vision.fake_detectors import TruthDetector, compass_picture

SIDE = 512
OPTIONS = make_options()


class Counting(TruthDetector):
    """The truth, and how often it was asked."""

    asked = 0

    def detect(self, tiles):
        self.asked += len(tiles)
        return super().detect(tiles)


class CountingEngine:
    """An engine that counts what its network is asked."""

    def __init__(self) -> None:
        self.detector = Counting(SIDE, SIDE, np.array([[100.0, 100.0, 150.0, 150.0]]))

    def photo_detector(self, options):
        return ProbeCache(self.detector)


def photo() -> Image:
    return Image(pk=uuid.uuid4())


def test_the_steps_of_one_photo_show_the_whole_of_it_to_the_network_once():
    engine, image = CountingEngine(), photo()
    whole = compass_picture(SIDE, SIDE)
    (first,), (second,) = (cached_detector(image, engine, OPTIONS).detect([whole]) for _ in range(2))
    assert first.boxes.tolist() == second.boxes.tolist()
    assert engine.detector.asked == 1


@pytest.mark.parametrize("other", ["photo", "engine", "threshold"])
def test_what_was_seen_of_another_photo_or_in_another_way_is_not_taken_for_it(other):
    engine, image = CountingEngine(), photo()
    detector = cached_detector(image, engine, OPTIONS)
    further = {
        "photo": lambda: cached_detector(photo(), engine, OPTIONS),
        "engine": lambda: cached_detector(image, CountingEngine(), OPTIONS),
        "threshold": lambda: cached_detector(
            image, engine, replace(OPTIONS, without=frozenset({Rule.RESCORING}))
        ),
    }[other]()
    assert further is not detector
    assert cached_detector(image, engine, OPTIONS) is not detector  # of several only the last is kept
