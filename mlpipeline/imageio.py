"""From the bytes of a photo to the array that the counting core works on."""

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from mlpipeline.vision.arrays import LEAST_SIDE_PX
from mlpipeline.vision.upright import decoded_upright
from photos.errors import UnreadableImage
from photos.pictures import MAX_PIXELS, check_not_filled_up, open_rgb, plain_jpeg


def read_rgb(source: Path | bytes, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """The picture as (H, W, 3) uint8 RGB, turned as its EXIF says. It is not writable: that would cost a copy.

    Raises InvalidFileType, ImageTooLarge or UnreadableImage for what is no picture, or too small a one, never an
    OSError: that would be taken for a fault of the disk, which passes by itself, and be tried again.
    FileNotFoundError for a missing path.
    """
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        image = _decoded_jpeg(file, max_pixels)
        if image is None:
            image = open_rgb(file, max_pixels=max_pixels)
    height_px, width_px = image.shape[:2]
    if min(height_px, width_px) < LEAST_SIDE_PX:
        raise UnreadableImage(
            _(
                "The picture has only %(width)d × %(height)d px. To show plants it needs %(least)d px on either side."
            )
            % {"width": width_px, "height": height_px, "least": LEAST_SIDE_PX}
        )
    return image


def _decoded_jpeg(file: BinaryIO, max_pixels: int) -> NDArray[np.uint8] | None:
    """The pixels of a plain JPEG, the same that `open_rgb` has, in two thirds of the time; None where it must read.

    OpenCV writes them where they are wanted, Pillow in rows of its own, which then are copied twice.
    """
    plain = plain_jpeg(file, max_pixels=max_pixels)
    if plain is None:
        return None
    content, orientation = plain
    image = decoded_upright(content, orientation)
    if image is not None:
        check_not_filled_up(image, orientation, content)
        image.flags.writeable = False
    return image


def reading_fault(error: Exception) -> str:
    """Why a photo could not be read or counted, as a sentence for a person."""
    if isinstance(error, FileNotFoundError):
        return _("There is no such file.")
    if isinstance(error, IsADirectoryError):
        return _("This is a folder, not a photo.")
    if isinstance(error, OSError):
        return _("The file cannot be read: %(reason)s.") % {"reason": error.strerror or error}
    return str(error)
