"""What belongs to beds and benches and is no plant: strings, tubes, seeds in their cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlpipeline.training.scenes import forms
from mlpipeline.training.scenes.dice import Dice
from mlpipeline.training.scenes.materials import Material, Pattern
from mlpipeline.training.scenes.mesh import Mesh
from mlpipeline.training.scenes.palette import drawn, grey
from mlpipeline.training.scenes.pots import plastic

Point = tuple[float, float]

_TWINE = ((0.93, 0.9, 0.85), (0.82, 0.68, 0.45), (0.35, 0.5, 0.3), (0.12, 0.12, 0.12))


def twine(dice: Dice) -> Material:
    """White, straw-coloured, green or black string."""
    colour = dice.pick(_TWINE, (5, 4, 1, 1))
    return Material(Pattern.PLAIN, colour, colour, colour, noise=0.15, salt=dice.texture_salt)


def tube_material(dice: Dice) -> Material:
    """A dusty tube: black, grey, or green like a garden hose."""
    is_grey = dice.chance(0.8)
    colour = grey(dice, 0.08, 0.45) if is_grey else drawn(dice, ((130, 175), (0.4, 0.8), (0.3, 0.6)))
    return plastic(dice, colour)


def string(
    dice: Dice,
    start: Point,
    end: Point,
    height_cm: float,
    sway_cm: float,
    radius_cm: float,
    material: Material,
) -> Mesh:
    """A line from `start` to `end` at a height, with waves of about `sway_cm`; it hangs a little in between."""
    t = np.linspace(0.0, 1.0, 25)
    ahead = np.subtract(end, start)
    side = np.array((-ahead[1], ahead[0])) / (np.hypot(*ahead) + 1e-9)
    waves = sum(np.sin(t * dice.rng.uniform(2, 14) + dice.rng.uniform(0, 6)) for _ in range(3)) / 3
    middle = np.array(start) + t[:, None] * ahead + (waves * sway_cm)[:, None] * side
    level = height_cm * (1 - 0.2 * np.sin(t * np.pi)) + dice.rng.normal(0, 0.15)
    return forms.tube(np.column_stack((middle, np.maximum(level, radius_cm))), radius_cm, 6, material)


def seeds(dice: Dice, cells: NDArray[np.float64], pitch_cm: float) -> Mesh:
    """Seeds on the substrate of cells (S, 3): one to three in each, bare or coated, as one body."""
    is_coated = dice.chance(0.25)
    colour = drawn(
        dice, ((0, 360), (0.3, 0.8), (0.5, 0.9)) if is_coated else ((14, 50), (0.2, 0.8), (0.15, 0.85))
    )
    material = Material(Pattern.PLAIN, colour, colour, colour, noise=0.3, gloss=0.1, salt=dice.texture_salt)
    at = np.repeat(cells, dice.whole(1, 3), axis=0)
    at[:, :2] += dice.rng.normal(0, 0.13 * pitch_cm, (len(at), 2))
    half = min(dice.between(0.06, 0.25), 0.06 * pitch_cm)
    at[:, 2] += 0.6 * half + 0.05 * pitch_cm  # the substrate of a cell is higher in its middle
    wide = half * dice.between(0.5, 1.0)
    turn = dice.rng.uniform(0, 6.3, len(at))
    frames = np.zeros((len(at), 3, 3))
    frames[:, 0, 0], frames[:, 1, 0] = np.cos(turn) * half, np.sin(turn) * half
    frames[:, 0, 1], frames[:, 1, 1] = -np.sin(turn) * wide, np.cos(turn) * wide
    frames[:, 2, 2] = half * 0.7
    return forms.ellipsoids(at, frames, 4, 6, material)
