"""From the bytes of a photo to the array that the counting core works on."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photos.pictures import MAX_PIXELS, open_rgb


def read_rgb(source: Path | bytes, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """The picture as (H, W, 3) uint8 RGB, turned as its EXIF says. It is not writable: that would cost a copy.

    Raises InvalidFileType, ImageTooLarge or UnreadableImage for what is no picture, never an OSError: that would be
    taken for a fault of the disk, which passes by itself, and be tried again. FileNotFoundError for a missing path.
    """
    if isinstance(source, bytes):
        return open_rgb(io.BytesIO(source), max_pixels=max_pixels)
    with source.open("rb") as file:
        return open_rgb(file, max_pixels=max_pixels)
