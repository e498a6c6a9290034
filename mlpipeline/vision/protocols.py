"""The protocols of models, whichever library runs them."""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Floats, Image
from mlpipeline.vision.results import Container, Detections

Progress = Callable[[int, int], None]  # tiles done, tiles in all


class Segmenter(Protocol):
    """Finds containers."""

    def segment(self, image: Image) -> list[Container]:
        """Containers in a (H, W, 3) RGB picture of any size, polygons in its own pixels; [] when there is none."""
        ...


class Detector(Protocol):
    """Finds plants, dead plants and empty pots in square tiles of one size.

    trained_plant_px: side range of plants the weights were trained on, in tile pixels.
    tile_px: side of a tile. max_det: the most detections it can answer for one tile; as many means there were more.
    """

    trained_plant_px: tuple[float, float]
    tile_px: int
    max_det: int

    def detect(self, tiles: Sequence[Image]) -> list[Detections]:
        """One answer a tile, in order. Each tile is (tile_px, tile_px, 3) uint8 RGB; boxes in tile pixels.

        NMS within one tile is the detector's; the tiles are not modified.
        """
        ...


@runtime_checkable
class ImageDetector(Protocol):
    """Finds plants, dead plants and empty pots in a whole picture by a way of its own, as SAHI does."""

    def detect_image(self, image: Image, min_score: float) -> Detections:
        """What scores `min_score` or more in a (H, W, 3) uint8 RGB picture, in its pixels; it is not modified."""
        ...


class Rescorer(Protocol):
    """The second stage of a detector: it sees each detection again, in windows of its own, and says what it is.

    crop_px: side of the V pictures that it is shown of each. contexts: how many times the longer side of a box each of
    them spans.
    """

    crop_px: int
    contexts: tuple[float, ...]

    def classify(self, crops: NDArray[np.uint8], detections: Detections, neighbourhoods: Floats) -> Floats:
        """(N, 4) probabilities that each of N detections is one of CLASS_NAMES or, last, none of them.

        crops: (N, V, crop_px, crop_px, 3) uint8 RGB, the middle of the box in that of each; they are not modified.
        neighbourhoods: (N, F), see `rescoring.neighbourhoods`.
        The answer for one detection does not depend on the others.
        """
        ...


def tile_detector(detector: Detector | ImageDetector | None) -> Detector | None:
    """The detector, if it takes tiles; None for one that takes whole pictures."""
    return None if isinstance(detector, ImageDetector) else detector
