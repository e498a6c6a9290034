"""The analysis image: a picture as small as its plants allow, with a mask of its containers, to measure it."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mlpipeline.vision.arrays import Image, Mask, check_image, shape_of
from mlpipeline.vision.geometry.boxes import sides
from mlpipeline.vision.imaging.pyramid import downsample
from mlpipeline.vision.results import Container, Detections

# Plants are judged at this size: what is small against a plant, a blur for one, does not hide it, however many pixels
# it has.
PLANT_PX = 32
PICTURE_PX = 1200  # longer side at most: a large picture of small plants costs no more
FINENESS = 1.5  # enough to judge a picture by: averaging 12 megapixels at once takes three times as long


@dataclass(frozen=True, slots=True, eq=False)
class AnalysisImage:
    """A small copy of a picture: image (h, w, 3) uint8 RGB, mask (h, w) True in its containers, never empty.

    `scale` is pixels of the copy per pixel of the picture, at most 1.
    """

    image: Image
    mask: Mask
    scale: float


def analysis_image(image: Image, containers: Sequence[Container], plants: Detections) -> AnalysisImage:
    """The analysis image of a picture, at the size at which its plants span PLANT_PX.

    Args:
        image: (H, W, 3) uint8 RGB; it is not modified.
        containers: its mask; the whole picture when none of them has a pixel in it.
        plants: in full-image pixels; without any the picture's size alone decides.

    Raises: InvalidInput for another picture.
    """
    check_image(image)
    height, width = shape_of(image)
    scale = min(1.0, PICTURE_PX / max(height, width))
    if len(plants):
        scale = min(scale, PLANT_PX / max(float(np.median(sides(plants.boxes))), 1.0))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = image if scale == 1 else downsample(image, size, FINENESS)
    canvas = np.zeros((size[1], size[0]), dtype=np.uint8)
    for container in containers:
        cv2.fillPoly(canvas, [np.rint(container.polygon * scale).astype(np.int32)], 1)
    mask = canvas.view(np.bool_)
    return AnalysisImage(small, mask if mask.any() else np.ones_like(mask), scale)
