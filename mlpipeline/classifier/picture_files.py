"""Reading pictures to be classified: what is looked at when they come in, and the pixels that a network sees.

Beside the formats of photos this reads GIF, whose first frame counts. No database, no torch.
"""

import struct
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray
from PIL import Image

from photos import image_files
from photos.decoding.pixels import decode_apart, shared_pixels
from photos.errors import UnreadableImage

EXTENSIONS: Final = (".png", ".jpg", ".jpeg", ".gif")
INPUT_PX: Final = 224  # side of what the networks see
# The middle of a picture, as these networks were trained: 224 of 256 px.
_MIDDLE: Final = 224 / 256
_GIF_SIGNATURES: Final = (b"GIF87a", b"GIF89a")
_GIF_SCREEN: Final = struct.Struct("<HH")  # width, height
# What Pillow's GIF reader raises for bytes that are not what they should be.
_BROKEN: Final = (
    OSError, SyntaxError, ValueError, EOFError, TypeError, KeyError, IndexError, OverflowError, RuntimeError,
    AttributeError, struct.error,
)  # fmt: skip


def check_picture(file: BinaryIO) -> None:
    """Read signature and header; no pixel is decoded. The file is left at its start.

    Raises InvalidFileType, ImageTooLarge, UnreadableImage.
    """
    size = _gif_size(file)
    if size is None:
        info = image_files.detect_format(file)
        size = info.width_px, info.height_px
    image_files.check_size(*size)
    file.seek(0)


def read_input(path: Path) -> NDArray[np.uint8]:
    """The middle of a picture as a network sees it, (224, 224, 3) uint8 RGB, turned upright; read-only.

    Decoded in a process whose memory and time are bounded. Raises InvalidFileType, ImageTooLarge, UnreadableImage;
    OSError where that process was ended from outside, which can pass by itself.
    """
    with path.open("rb") as file:
        check_picture(file)
    here = "mlpipeline.classifier.picture_files:decode_here"
    return decode_apart(here, path, width_px=INPUT_PX, height_px=INPUT_PX)


def decode_here(output: int, *, path: str, width_px: int, height_px: int) -> None:
    """Decode a picture in this process into the shared memory of `read_input`."""
    with Path(path).open("rb") as file:
        picture = _opened(file)
    shared_pixels(output, width_px=width_px, height_px=height_px)[:] = middle(picture)


def middle(picture: Image.Image) -> NDArray[np.uint8]:
    """The square in the middle of an RGB picture, (224, 224, 3).

    It is cut out first: to shrink the whole of a very long picture by its short side would make it longer still.
    """
    side = min(picture.size) * _MIDDLE
    left, top = (picture.width - side) / 2, (picture.height - side) / 2
    square = picture.resize(
        (INPUT_PX, INPUT_PX),
        Image.Resampling.BICUBIC,
        box=(left, top, left + side, top + side),
        reducing_gap=3.0,
    )
    return np.asarray(square)


def _opened(file: BinaryIO) -> Image.Image:
    size = _gif_size(file)
    if size is None:
        return image_files.open_picture(file)
    image_files.check_size(*size)
    file.seek(0)
    try:
        with Image.open(file, formats=["GIF"]) as picture:
            if picture.size != size:
                raise UnreadableImage(_damaged())
            rgba = picture.convert("RGBA")
    except _BROKEN as error:
        raise UnreadableImage(_damaged()) from error
    white = Image.new("RGBA", rgba.size, "white")
    return Image.alpha_composite(white, rgba).convert("RGB")


def _gif_size(file: BinaryIO) -> tuple[int, int] | None:
    """(width, height) that the header of a GIF says; None for any other file. Raises UnreadableImage."""
    file.seek(0)
    head = file.read(10)
    if head[:6] not in _GIF_SIGNATURES:
        return None
    try:
        width_px, height_px = _GIF_SCREEN.unpack(head[6:])
    except struct.error as error:
        raise UnreadableImage(_damaged()) from error
    if not width_px or not height_px:
        raise UnreadableImage(_damaged())
    return width_px, height_px


def _damaged() -> str:
    return _("The picture is damaged and cannot be read. Send another one.")
