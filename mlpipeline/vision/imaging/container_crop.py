"""Container crops: a container cut out of its picture and brought to the size at which its leaf is measured."""

from dataclasses import dataclass

import cv2
import numpy as np

from mlpipeline.vision.arrays import Image, Mask, check
from mlpipeline.vision.geometry.boxes import sides
from mlpipeline.vision.geometry.masks import Region
from mlpipeline.vision.imaging.pyramid import downsample
from mlpipeline.vision.results import PLANT, Detections

WORK_PLANT_PX = 28  # plants are measured at this side: finer outlines change no count and cost time


@dataclass(frozen=True, slots=True, eq=False)
class ContainerCrop:
    """A container at working size: its picture, mask and detections, all in the frame of the crop.

    `scale` is working px per picture px; the crop begins at (x0, y0) of the picture and is `height_px` of it high.
    """

    image: Image
    mask: Mask
    detections: Detections
    scale: float
    x0: int
    y0: int
    height_px: int

    @property
    def living(self) -> Detections:
        """Living plants: the examples of leaf. Dead ones have the colour of the ground."""
        return self.detections.select(self.detections.classes == PLANT)


def crop_container(
    image: Image,
    region: Region,
    detections: Detections,
    plant_px: float | None = None,
    work_px: int = WORK_PLANT_PX,
) -> ContainerCrop:
    """Cut a container out of its picture and bring it to working size.

    `detections` are in full-image pixels; `plant_px` is the side of a plant where none was detected, `work_px` the side
    of a plant in the crop, as long as the picture need not be enlarged.
    Raises: InvalidInput for a container without a pixel in the picture.
    """
    cropped = region.cropped()
    check(not cropped.is_empty, "an empty container has no crop")
    plants = detections.plants
    side = float(np.median(sides(plants.boxes))) if len(plants) else plant_px or work_px
    scale = min(1.0, work_px / max(side, 1.0))
    height, width = cropped.mask.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    crop, mask = image[cropped.y0 : cropped.y1, cropped.x0 : cropped.x1], cropped.mask
    if size != (width, height):
        crop = downsample(crop, size)
        mask = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST).astype(np.bool_)
    moved = detections.shifted(-cropped.x0, -cropped.y0).scaled(scale)
    return ContainerCrop(crop, mask, moved, scale, cropped.x0, cropped.y0, height)
