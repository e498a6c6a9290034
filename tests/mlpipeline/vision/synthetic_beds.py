"""Beds as boxes alone: squares at places, of any size that a test asks for."""

from collections.abc import Callable

import numpy as np

from mlpipeline.vision.arrays import Boxes


def square(x: float, y: float, side: float) -> Boxes:
    """(1, 4) box of a plant with its middle at x, y."""
    half = side / 2
    return np.array([[x - half, y - half, x + half, y + half]], np.float32)


def bed(side_at: Callable[[float, float], float], *, step: float = 40, to: float = 400) -> Boxes:
    """(N, 4) plants on a square grid from `step` to `to` px, each with the side in px of its place, row by row."""
    places = np.arange(step, to + 1, step)
    return np.concatenate([square(x, y, side_at(x, y)) for y in places for x in places])
