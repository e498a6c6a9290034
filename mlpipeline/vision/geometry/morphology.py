"""Discs: where in a mask one fits, for discs so large that to try each of their pixels takes tens of milliseconds."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Image, Mask
from mlpipeline.vision.runtime.jit import jit

Numbers = NDArray[np.int64]

MAX_RUN_PX = 32_767  # what 16 bits hold; no disc is as wide


def disc_kernel(radius_px: int) -> Image:
    """A round structuring element of 2 r + 1 px."""
    size = 2 * radius_px + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), dtype=np.uint8)


def open_with_disc(mask: Mask, radius_px: int) -> Mask:
    """The pixels of a mask that lie under a disc which lies wholly in it: OpenCV's opening, pixel for pixel.

    A disc is a stack of rows. So it fits where each of its rows does, which two distances to the next gap tell, and
    what it covers are as many stretches as it has rows, for each stretch of the places where it fits.
    """
    halves = (disc_kernel(radius_px).sum(axis=1).astype(np.int64) - 1) // 2
    return _painted(_fitting(np.ascontiguousarray(mask), halves), halves)


@jit
def _fitting(mask: Mask, halves: Numbers) -> Mask:
    """Where the middle of a disc may lie; `halves` are its rows' lengths beside the middle.

    Beside the mask is nothing.
    """
    height, width = mask.shape
    radius = len(halves) // 2
    free = np.zeros((height, width), np.int16)  # px on the nearer side that belong to the mask, with its own
    for row in range(height):
        run = 0
        for column in range(width):
            run = run + 1 if mask[row, column] else 0
            free[row, column] = min(run, MAX_RUN_PX)
        run = 0
        for column in range(width - 1, -1, -1):
            run = run + 1 if mask[row, column] else 0
            free[row, column] = min(free[row, column], run)
    fits = np.zeros((height, width), np.bool_)
    for row in range(radius, height - radius):
        # Whole rows without a branch, which the compiler turns into steps of many pixels.
        fitting = fits[row]
        fitting[:] = free[row] > halves[radius]
        for step in range(1, radius + 1):
            least = np.int16(halves[radius + step])  # a disc is the same above its middle and below
            above, below = free[row - step], free[row + step]
            for column in range(width):
                fitting[column] &= (above[column] > least) & (below[column] > least)
    return fits


@jit
def _painted(middles: Mask, halves: Numbers) -> Mask:
    """All that discs around the middles cover."""
    height, width = middles.shape
    radius = len(halves) // 2
    covered = np.zeros((height, width), np.bool_)
    for row in range(height):
        column = 0
        while column < width:
            if not middles[row, column]:
                column += 1
                continue
            begin = column
            while column < width and middles[row, column]:
                column += 1
            for step in range(-radius, radius + 1):
                if 0 <= row + step < height:
                    half = halves[radius + step]
                    covered[row + step, max(begin - half, 0) : min(column + half, width)] = True
    return covered
