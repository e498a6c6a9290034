"""Engines: the ways to find containers and plants, behind one interface, loaded once a process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Protocol

from django.utils.translation import gettext as _

from mlpipeline.detectors.backends import batch_tiles, load_forward, load_rescorer
from mlpipeline.detectors.caching_detector import ProbeCache
from mlpipeline.detectors.errors import ModelUnavailable
from mlpipeline.detectors.manifest import KINDS, Weights, options_for, require_weights
from mlpipeline.detectors.sahi_engine import SahiDetector
from mlpipeline.detectors.yolo import YoloDetector, YoloSegmenter
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.protocols import Detector, ImageDetector, Rescorer, Segmenter

ENGINE_NAMES = ("auto", "torch", "openvino", "sahi")


class Engine(Protocol):
    """What a count needs of the models: a segmenter, a detector, and who they are.

    rescorer: the second stage of the detector, if its weights have one.
    prefers_batches: whether large batches are faster than small ones, as on a GPU.
    """

    name: str
    segmenter: Segmenter
    rescorer: Rescorer | None
    weights: tuple[Weights, ...]
    prefers_batches: bool

    def tile_detector(self, options: CountOptions) -> Detector | None:
        """The detector of tiles, with the floor score of the count, so that photos can share its batches.

        None where the engine takes whole pictures.
        """
        ...

    def photo_detector(self, options: CountOptions) -> Detector | ImageDetector:
        """The detector of one photo, with the same floor score."""
        ...


class YoloEngine:
    """Ours: containers by YOLO, plants at the scale that suits them, in tiles only where containers are.

    Its name is that of the library that runs the detector, which need not be the requested one.

    is_rescored: whether it has a second stage where its weights have one.
    """

    def __init__(
        self, weights: Mapping[str, Weights] | None = None, backend: str = "auto", is_rescored: bool = True
    ) -> None:
        chosen = weights or shipped_weights()
        segmentation, detection = chosen["segmentation"], chosen["detection"]
        self.weights: tuple[Weights, ...] = (segmentation, detection)
        self.yolo_segmenter = YoloSegmenter(segmentation, load_forward(segmentation, backend))
        self.segmenter: Segmenter = self.yolo_segmenter
        forward = load_forward(detection, backend)
        self.name = forward.name
        self.prefers_batches = forward.prefers_batches
        self.detector = YoloDetector(detection, forward, batch_tiles(self.prefers_batches))
        self.rescorer: Rescorer | None = load_rescorer(detection, backend) if is_rescored else None
        self.networks = (self.yolo_segmenter.network, self.detector.network)

    def tile_detector(self, options: CountOptions) -> Detector:
        """See Engine."""
        return self.detector.with_min_score(options.proposal_score)

    def photo_detector(self, options: CountOptions) -> Detector:
        """See Engine. Probes of the whole photo are cached."""
        return ProbeCache(self.tile_detector(options))


class SahiEngine:
    """The reference: the same containers, plants by SAHI over the whole picture at its own size."""

    name = "sahi"

    def __init__(self, weights: Mapping[str, Weights] | None = None) -> None:
        chosen = weights or shipped_weights()
        segmentation, detection = chosen["segmentation"], chosen["detection"]
        self.weights: tuple[Weights, ...] = (segmentation, detection)
        self.segmenter: Segmenter = YoloSegmenter(segmentation, load_forward(segmentation))
        self.detector = SahiDetector(detection, detection.confidence)
        self.rescorer: Rescorer | None = load_rescorer(detection)
        self.prefers_batches = False

    def tile_detector(self, options: CountOptions) -> None:
        """See Engine: SAHI takes whole pictures."""

    def photo_detector(self, options: CountOptions) -> ImageDetector:
        """See Engine."""
        return self.detector


def shipped_weights() -> dict[str, Weights]:
    """The default weights by kind, checked. Raises ModelUnavailable when they are missing or altered."""
    return {kind: require_weights(kind) for kind in KINDS}


def build_engine(name: str, weights: Mapping[str, Weights]) -> Engine:
    """An engine with other weights than the shipped ones, to measure them; it is not kept for later calls."""
    return SahiEngine(weights) if name == "sahi" else YoloEngine(weights, name)


@lru_cache(maxsize=len(ENGINE_NAMES))
def _loaded(name: str) -> Engine:
    return SahiEngine() if name == "sahi" else YoloEngine(backend=name)


def load_engine(name: str = "auto") -> Engine:
    """The engine of this process, loaded at the first call. `auto` is ours on what is fastest here.

    Raises ModelUnavailable for an unknown name, and when weights are missing or altered, or
    when OpenVINO was requested by name and cannot run them.
    """
    if name not in ENGINE_NAMES:
        raise ModelUnavailable(_("There is no engine called %(name)s.") % {"name": name})
    return _loaded(name)


@lru_cache(maxsize=1)
def load_first_stage() -> Engine:
    """Ours without the second stage, which need not fit: what it shall learn from is gathered before it is trained."""
    return YoloEngine(is_rescored=False)


def tuned_options(engine: Engine) -> CountOptions:
    """Options with the thresholds at which these weights count best on held-out scenes, and batches that suit."""
    return replace(options_for(engine.weights), batch_tiles=batch_tiles(engine.prefers_batches))
