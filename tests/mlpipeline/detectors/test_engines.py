"""What an engine asks of its network."""

import pytest

from mlpipeline.detectors.engines import SahiEngine, load_engine
from mlpipeline.vision.protocols import ImageDetector, tile_detector
from mlpipeline.vision.rules import Rule
from tests.mlpipeline.vision.count_options import PLANT_THRESHOLDS, make_options


@pytest.mark.parametrize(
    ("without", "floor"),
    [
        pytest.param(frozenset(), PLANT_THRESHOLDS.min_proposal_score, id="what the second stage is shown"),
        pytest.param(frozenset({Rule.RESCORING}), 0.4, id="without it what counts"),
    ],
)
def test_alone_and_in_batches_the_network_is_asked_for_nothing_below_the_floor(without, floor):
    engine = load_engine()
    options = make_options(confidence=0.4, without=without)
    assert engine.tile_detector(options).min_score == floor
    assert engine.photo_detector(options)._detector.min_score == floor  # behind the memory of the photo


def test_an_engine_that_takes_whole_pictures_has_no_tiles_to_share_in_batches():
    engine = SahiEngine.__new__(SahiEngine)
    engine.detector = WholePictures()
    assert engine.tile_detector(make_options()) is None
    assert isinstance(engine.photo_detector(make_options()), ImageDetector)
    assert tile_detector(engine.photo_detector(make_options())) is None


class WholePictures:
    def detect_image(self, image, min_score):
        raise AssertionError("it is not asked")
