"""What the decoding process runs. The web process never imports this: it brings zxing-cpp along."""

import os
from typing import Final

import numpy as np

from mlpipeline.vision.imaging.qr_codes import read_qr_codes
from photos import image_files

# Longest side of what is read. A label that fills a tenth of it has modules of 4 px or more.
_READ_PX: Final = 1600


def read_here(picture: int) -> list[str]:
    """The texts of the QR codes in the picture with this descriptor, which stays open.

    Raises InvalidFileType, ImageTooLarge, UnreadableImage.
    """
    with os.fdopen(os.dup(picture), "rb") as file:
        upright = image_files.open_picture(file, at_least_px=_READ_PX)
    return read_qr_codes(np.asarray(image_files.thumbnail(upright, _READ_PX)))
