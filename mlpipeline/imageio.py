"""Pictures as arrays: the only way from bytes into the counting core."""

from pathlib import Path

import numpy as np

from mlpipeline.vision.arrays import Image
from photos import pictures


def read_rgb(path: Path) -> Image:
    """A picture file as (H, W, 3) uint8 RGB, turned as its EXIF says.

    Raises the refusals of photos.pictures (InvalidFileType, ImageTooLarge, UnreadableImage) and FileNotFoundError.
    """
    return np.asarray(pictures.read_picture(path), dtype=np.uint8).copy()
