"""Letterboxes: a whole picture as the input of a segmenting network, and back from its pixels to the picture's."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mlpipeline.detectors.manifest import STRIDE_PX
from mlpipeline.vision.arrays import Image, Mask, Polygon
from mlpipeline.vision.imaging.pyramid import downsample
from mlpipeline.vision.imaging.tiles import PAD_VALUE

# Side of the canvas of a turned picture, of the longer side of the upright one: a 4:3 picture turned by 37° then is as
# large as before, and every turn takes a canvas of the same size, which the network has planned for.
TURNED_SHARE = 512 / 416


@dataclass(frozen=True, slots=True, eq=False)
class Letterbox:
    """What the network is shown of a picture.

    canvas: (h, w, 3) RGB, sides multiples of STRIDE_PX. shown: (h, w), where it shows the picture and no padding.
    to_picture: (2, 3), from places on the canvas (0 is the edge of its first pixel) to places in the picture.
    """

    canvas: Image
    shown: Mask
    to_picture: NDArray[np.float64]

    def in_picture(self, outline: Polygon) -> Polygon:
        """(K, 2) places on the canvas as places in the picture."""
        return np.asarray(outline @ self.to_picture[:, :2].T + self.to_picture[:, 2], dtype=np.float32)


def view_of(image: Image, side_px: int, degrees: float) -> Letterbox:
    """A picture turned back by `degrees` clockwise, on a square canvas; as it is at 0. See the two functions below."""
    return rotated_letterbox(image, side_px, degrees) if degrees else letterbox(image, side_px)


def letterbox(image: Image, side_px: int) -> Letterbox:
    """A picture (H, W, 3) with `side_px` along its longer side."""
    height, width = image.shape[:2]
    seen_w, seen_h = _fitting(image, side_px / max(height, width))
    shape = (_whole_strides(seen_h), _whole_strides(seen_w))
    canvas = np.full((*shape, 3), PAD_VALUE, dtype=np.uint8)
    canvas[:seen_h, :seen_w] = _resized(image, (seen_w, seen_h))
    shown = np.zeros(shape, dtype=np.bool_)
    shown[:seen_h, :seen_w] = True
    return Letterbox(
        canvas, shown, np.array([[width / seen_w, 0, 0], [0, height / seen_h, 0]], dtype=np.float64)
    )


def rotated_letterbox(image: Image, side_px: int, degrees: float) -> Letterbox:
    """A picture (H, W, 3) turned so that what is turned clockwise by `degrees` stands upright, on a square canvas.

    side_px: of the longer side of the upright view of the picture.
    """
    height, width = image.shape[:2]
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    needed = max(abs(cosine) * width + abs(sine) * height, abs(sine) * width + abs(cosine) * height)
    canvas_px = _whole_strides(TURNED_SHARE * side_px)
    seen_w, seen_h = _fitting(image, canvas_px / needed)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    moved = canvas_px / 2 - turn @ np.array([seen_w / 2, seen_h / 2])
    # OpenCV counts from the middle of the first pixel.
    by_middles = np.column_stack([turn, moved + turn @ np.array([0.5, 0.5]) - 0.5])
    size = (canvas_px, canvas_px)
    small = _resized(image, (seen_w, seen_h))
    canvas = cv2.warpAffine(small, by_middles, size, borderValue=(PAD_VALUE, PAD_VALUE, PAD_VALUE))
    whole = np.full((seen_h, seen_w), 255, dtype=np.uint8)
    shown = cv2.warpAffine(whole, by_middles, size) >= 128
    back = turn.T * np.array([[width / seen_w], [height / seen_h]])
    return Letterbox(
        np.asarray(canvas, dtype=np.uint8),
        np.asarray(shown, dtype=np.bool_),
        np.column_stack([back, -back @ moved]),
    )


def hflip(view: Letterbox) -> Letterbox:
    """The same view with left and right exchanged."""
    back = np.array([[-1, 0, view.canvas.shape[1]], [0, 1, 0], [0, 0, 1]], dtype=np.float64)
    canvas, shown = np.ascontiguousarray(view.canvas[:, ::-1]), np.ascontiguousarray(view.shown[:, ::-1])
    return Letterbox(canvas, shown, view.to_picture @ back)


def _fitting(image: Image, scale: float) -> tuple[int, int]:
    """Width and height of a picture at a scale, at least a pixel."""
    return max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))


def _whole_strides(side: float) -> int:
    return math.ceil(side / STRIDE_PX) * STRIDE_PX


def _resized(image: Image, size: tuple[int, int]) -> Image:
    if size[0] <= image.shape[1] and size[1] <= image.shape[0]:
        return downsample(image, size)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
