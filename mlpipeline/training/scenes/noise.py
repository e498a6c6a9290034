"""Procedural noise by hashing lattice points, compiled; all results are 0..1 unless said otherwise.

Source: value noise and cellular noise after Ebert et al., Texturing and Modeling (3rd ed.), ch. 2 and 4.
"""

from __future__ import annotations

from math import floor, sqrt

from mlpipeline.training.scenes.jit import jit


@jit
def hash01(x: int, y: int, salt: int) -> float:
    """A number of [0, 1) that depends on the lattice point and the salt only."""
    h = (x * 374761393 + y * 668265263 + salt * 1442695041) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    h = ((h ^ (h >> 16)) * 2246822519) & 0xFFFFFFFF
    return ((h ^ (h >> 15)) & 0xFFFFFF) / 16777216.0


@jit
def value_noise(x: float, y: float, salt: int) -> float:
    """Values of the lattice points around (x, y), interpolated smoothly; 0..1."""
    ix, iy = floor(x), floor(y)
    fx, fy = x - ix, y - iy
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    low = hash01(ix, iy, salt) * (1 - fx) + hash01(ix + 1, iy, salt) * fx
    high = hash01(ix, iy + 1, salt) * (1 - fx) + hash01(ix + 1, iy + 1, salt) * fx
    return low * (1 - fy) + high * fy


@jit
def fractal(x: float, y: float, octaves: int, salt: int, reach: float) -> float:
    """Sum of octaves around .5; octaves finer than two pixels (`reach` = pixel size × frequency) fade out."""
    total, weight, norm = 0.0, 1.0, 0.0
    for octave in range(octaves):
        fade = min(1.0, max(0.0, 2.0 - 4.0 * reach))
        total += weight * (value_noise(x, y, salt + octave * 17) - 0.5) * fade
        norm += weight
        weight *= 0.55
        # An odd factor and a turn keep the lattices of the octaves from lining up.
        x, y = 1.63 * x - 1.21 * y + 17.3, 1.21 * x + 1.63 * y - 9.1
        reach *= 2.03
    return 0.5 + total / norm


@jit
def cells(x: float, y: float, salt: int) -> tuple[float, float, float, float, float]:
    """(d1, d2, the nearest cell's number 0..1, offset x, offset y) of jittered cells of size 1."""
    ix, iy = floor(x), floor(y)
    best, second, number, ox, oy = 9.0, 9.0, 0.0, 0.0, 0.0
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            cx, cy = ix + dx, iy + dy
            px = cx + 0.12 + 0.76 * hash01(cx, cy, salt) - x
            py = cy + 0.12 + 0.76 * hash01(cx, cy, salt + 101) - y
            # Cells of unequal strength make stones of unequal size.
            d = (px * px + py * py) * (0.6 + 0.9 * hash01(cx, cy, salt + 303))
            if d < best:
                second = best
                best, ox, oy = d, px, py
                number = hash01(cx, cy, salt + 202)
            elif d < second:
                second = d
    return sqrt(best), sqrt(second), number, ox, oy


@jit
def ramp(low: float, high: float, value: float) -> float:
    """Smooth step from 0 at `low` to 1 at `high`."""
    t = min(1.0, max(0.0, (value - low) / (high - low)))
    return t * t * (3 - 2 * t)
