"""The circuit breaker before the models that count: when they fail again and again, photos wait."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
from django.conf import settings

from demeter.breakers.breaker import ServiceBreaker
from demeter.choices import BreakerName
from mlpipeline.detectors.engines import load_engine
from mlpipeline.detectors.errors import ModelFault, ModelUnavailable, model_fault, model_unavailable
from mlpipeline.services.count_settings import count_options
from mlpipeline.vision.errors import DetectorFault, model_to_blame
from mlpipeline.vision.protocols import ImageDetector
from mlpipeline.vision.rescoring.crops import cut_crops
from mlpipeline.vision.rescoring.neighbourhoods import neighbourhoods
from mlpipeline.vision.results import Detections

_PROBE_SIDE_PX: Final = 512
_PROBE_DETECTION: Final = Detections(
    np.array([[0, 0, 32, 32]], np.float32), np.full(1, 0.3, np.float32), np.zeros(1, np.int16)
)

MODEL_BREAKER = ServiceBreaker(
    BreakerName.MODEL, faults=(ModelUnavailable, ModelFault), refusal=model_unavailable
)


@contextmanager
def model_guard() -> Iterator[None]:
    """Use the models within this block. Raises ModelUnavailable while their circuit breaker is open."""
    with MODEL_BREAKER.guard(), _detector_faults_reported():
        yield


@contextmanager
def batch_faults_noted() -> Iterator[None]:
    """Note the faults of a step that is done in the batch of another, which holds the guard."""
    with MODEL_BREAKER.noting_faults(), _detector_faults_reported():
        yield


def probe_models() -> None:
    """Have the models look at a grey picture. Raises what a photo would meet: ModelUnavailable, ModelFault."""
    with model_guard():
        engine = load_engine(settings.COUNT_ENGINE)
        grey = np.full((_PROBE_SIDE_PX, _PROBE_SIDE_PX, 3), 128, np.uint8)
        options = count_options(engine)
        detector = engine.photo_detector(options)
        with model_to_blame():
            engine.segmenter.segment(grey)
            if isinstance(detector, ImageDetector):
                detector.detect_image(grey, options.confidence)
            else:
                detector.detect([np.full((detector.tile_px, detector.tile_px, 3), 128, np.uint8)])
            if engine.rescorer is not None:
                rescorer, boxes = engine.rescorer, _PROBE_DETECTION.boxes
                crops = cut_crops(grey, boxes, rescorer.crop_px, rescorer.contexts)
                rescorer.classify(
                    crops, _PROBE_DETECTION, neighbourhoods(_PROBE_DETECTION, options.confidence)
                )


@contextmanager
def _detector_faults_reported() -> Iterator[None]:
    try:
        yield
    except DetectorFault as error:
        raise model_fault() from error
