"""Upright: the pixels of an encoded picture, turned as the camera was held."""

import cv2
import numpy as np

from mlpipeline.vision.arrays import Image

# What OpenCV does to bring a picture of each EXIF orientation upright. Source: CIPA DC-008, tag 0112.
_FLIPS = {2: 1, 3: -1, 4: 0}  # codes of cv2.flip
_ROTATIONS = {6: cv2.ROTATE_90_CLOCKWISE, 8: cv2.ROTATE_90_COUNTERCLOCKWISE}


def decode_oriented(content: bytes, orientation: int, out: Image | None = None) -> Image | None:
    """The (H, W, 3) uint8 RGB pixels of an encoded picture of EXIF orientation 1–8; None where they cannot be read.

    They are written into `out` where it is given and has the same shape.
    """
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    image = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), flags)
    if image is None or image.dtype != np.uint8:
        return None
    if orientation in _FLIPS:
        image = cv2.flip(image, _FLIPS[orientation], out)
    elif orientation in _ROTATIONS:
        image = cv2.rotate(image, _ROTATIONS[orientation], out)
    elif orientation in (5, 7):
        image = cv2.transpose(image, out)
        if orientation == 7:
            image = cv2.flip(image, -1, out)
    elif out is not None and out.shape == image.shape:
        np.copyto(out, image)
        return out
    return np.asarray(image, dtype=np.uint8)
