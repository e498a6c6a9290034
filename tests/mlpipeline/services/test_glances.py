"""The glance at a photo is kept for its next step."""

import uuid
from dataclasses import replace

import numpy as np
import pytest

from mlpipeline.detectors.remembering import RememberingDetector
from mlpipeline.services.glances import eyes_for
from mlpipeline.vision.options import CountOptions
from photos.models import Image
from tests.mlpipeline.vision.truth import TruthDetector, compass_picture

SIDE = 512
OPTIONS = CountOptions()


class Counting(TruthDetector):
    """The truth, and how often it was asked."""

    asked = 0

    def detect(self, tiles):
        self.asked += len(tiles)
        return super().detect(tiles)


class CountingEngine:
    """An engine that counts what its network is asked."""

    def __init__(self) -> None:
        self.tiles = Counting(SIDE, SIDE, np.array([[100.0, 100.0, 150.0, 150.0]]))

    def eyes(self, options):
        return RememberingDetector(self.tiles)


def photo() -> Image:
    return Image(pk=uuid.uuid4())


def test_the_steps_of_one_photo_glance_at_it_once():
    engine, image = CountingEngine(), photo()
    whole = compass_picture(SIDE, SIDE)
    (first,), (second,) = (eyes_for(image, engine, OPTIONS).detect([whole]) for _ in range(2))
    assert first.boxes.tolist() == second.boxes.tolist()
    assert engine.tiles.asked == 1


@pytest.mark.parametrize("other", ["photo", "engine", "threshold"])
def test_what_was_seen_of_another_photo_or_in_another_way_is_not_taken_for_it(other):
    engine, image = CountingEngine(), photo()
    eyes = eyes_for(image, engine, OPTIONS)
    further = {
        "photo": lambda: eyes_for(photo(), engine, OPTIONS),
        "engine": lambda: eyes_for(image, CountingEngine(), OPTIONS),
        "threshold": lambda: eyes_for(image, engine, replace(OPTIONS, confidence=0.6)),
    }[other]()
    assert further is not eyes
    assert eyes_for(image, engine, OPTIONS) is not eyes  # of several only the last is kept
