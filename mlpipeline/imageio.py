"""From the bytes of a photo to the array that the counting core works on."""

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from mlpipeline.vision.arrays import MIN_SIDE_PX
from mlpipeline.vision.imaging.exif_orientation import decode_oriented
from photos.decoding.pixels import decode_apart, shared_pixels
from photos.errors import UnreadableImage
from photos.image_files import (
    MAX_PIXELS,
    check_not_filled_up,
    check_size,
    decode_rgb,
    detect_format,
    plain_jpeg,
)


def read_rgb(source: Path | bytes, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """The picture as (H, W, 3) uint8 RGB, turned upright. It is not writable: that would cost a copy.

    Raises InvalidFileType, ImageTooLarge or UnreadableImage for what is no picture, or too small a one, never an
    OSError: that would be taken for a fault of the disk, which passes by itself, and be tried again.
    FileNotFoundError for a missing path.
    """
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        _check_header(file, max_pixels)
        image = _decoded_jpeg(file, max_pixels)
        return decode_rgb(file, max_pixels=max_pixels) if image is None else image


def read_rgb_apart(path: Path, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """The same, decoded in a process whose memory and time are bounded (photos.decoding). For workers.

    Raises as `read_rgb` does; OSError also where that process was ended from outside, which can pass by itself.
    """
    with path.open("rb") as file:
        width_px, height_px = _check_header(file, max_pixels)
    return decode_apart("mlpipeline.imageio:decode_here", path, width_px=width_px, height_px=height_px)


def decode_here(output: int, *, path: str, width_px: int, height_px: int) -> None:
    """Decode a picture in this process into the shared memory of `read_rgb_apart`."""
    pixels = shared_pixels(output, width_px=width_px, height_px=height_px)
    with Path(path).open("rb") as file:
        if _decoded_jpeg(file, MAX_PIXELS, pixels) is None:
            decode_rgb(file, out=pixels)


def _check_header(file: BinaryIO, max_pixels: int) -> tuple[int, int]:
    """(width, height) of the upright picture, if it can be counted."""
    info = detect_format(file)
    check_size(info.width_px, info.height_px, max_pixels=max_pixels)
    if min(info.width_px, info.height_px) < MIN_SIDE_PX:
        raise UnreadableImage(
            _(
                "The picture has only %(width)d × %(height)d px. To show plants it needs %(least)d px on either side."
            )
            % {"width": info.width_px, "height": info.height_px, "least": MIN_SIDE_PX}
        )
    return info.width_px, info.height_px


def _decoded_jpeg(
    file: BinaryIO, max_pixels: int, out: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8] | None:
    """The pixels of a plain JPEG, the same that `decode_rgb` has, in two thirds of the time; None where it must read.

    OpenCV writes them where they are wanted, Pillow in rows of its own, which then are copied twice.
    """
    plain = plain_jpeg(file, max_pixels=max_pixels)
    if plain is None:
        return None
    content, orientation = plain
    image = decode_oriented(content, orientation, out)
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
