"""Averaging: a window of a picture made smaller, each pixel the mean of the area that it shows.

What OpenCV's INTER_AREA does, which takes four times as long but for halves.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Floats, Image
from mlpipeline.vision.runtime.jit import jit

Numbers = NDArray[np.int64]


def resize_area(window: Image, size: tuple[int, int]) -> Image:
    """A (H, W, 3) window at a smaller `size` (width, height); a part of a larger picture is not copied."""
    width, height = size
    if window.shape[:2] == (2 * height, 2 * width):
        return np.asarray(cv2.resize(window, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    rows, columns = _areas(window.shape[0], height), _areas(window.shape[1], width)
    # Whole pixels in a row, so that the loop over a row is one over bytes that lie side by side.
    flat = window if window.strides[1:] == (3, 1) else np.ascontiguousarray(window)
    lines = np.lib.stride_tricks.as_strided(
        flat, (window.shape[0], 3 * window.shape[1]), (flat.strides[0], 1), writeable=False
    )
    return _averaged(lines, *rows, *columns)


@lru_cache(
    maxsize=1024
)  # hundreds of crops of a photo have a few sides; computing them took longer than averaging
def _areas(length: int, parts: int) -> tuple[Numbers, Floats]:
    """Where each of equal parts of a length begins, (parts,) whole pixels, and (parts, most) shares of its pixels."""
    # Multiplied first: the last edge is the length itself. One beyond it, by rounding, had a pixel of foreign memory
    # averaged in, which a share of 1e-13 does not make harmless.
    edges = np.arange(parts + 1) * length / parts
    first = np.floor(edges[:-1]).astype(np.int64)
    most = int(np.max(np.ceil(edges[1:]).astype(np.int64) - first))
    pixels = first[:, None] + np.arange(most)
    shares = np.minimum(pixels + 1, edges[1:, None]) - np.maximum(pixels, edges[:-1, None])
    return first, (np.maximum(shares, 0) * parts / length).astype(np.float32)


@jit
def _averaged(lines: Image, top: Numbers, heights: Floats, left: Numbers, widths: Floats) -> Image:
    """(len(top), len(left), 3) from the (H, 3 · W) bytes of a picture: row by row, then along the rows."""
    rows, columns = len(top), len(left)
    height, length = lines.shape
    tall, wide = heights.shape[1], widths.shape[1]
    small = np.empty((rows, columns, 3), np.uint8)
    line = np.empty(length, np.float32)
    for row in range(rows):
        share, source = heights[row, 0], lines[top[row]]
        for place in range(length):
            line[place] = share * source[place]
        for further in range(1, tall):
            share = heights[row, further]
            if share > 0:
                source = lines[min(top[row] + further, height - 1)]
                for place in range(length):
                    line[place] += share * source[place]
        for column in range(columns):
            red = green = blue = np.float32(0)
            place = 3 * left[column]
            for further in range(wide):
                share = widths[column, further]
                if share > 0:
                    red += share * line[place]
                    green += share * line[place + 1]
                    blue += share * line[place + 2]
                    place += 3
            small[row, column, 0] = np.uint8(np.rint(red))
            small[row, column, 1] = np.uint8(np.rint(green))
            small[row, column, 2] = np.uint8(np.rint(blue))
    return small
