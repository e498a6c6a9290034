"""The formulas of the patterns of `materials.Pattern`, compiled.

Each returns (share of the second colour, share of the third colour, brightness, slope x, slope y):
the slopes are of a relief over the world's x and y, for surfaces that face up.
`m` is a material's row; `foot` is the size of a pixel in cm on the surface; `u`, `v` the surface
coordinates; x, y, z the place in cm.
"""

from __future__ import annotations

from math import cos, exp, floor, pi, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from mlpipeline.training.scenes.jit import jit
from mlpipeline.training.scenes.noise import cells, fractal, hash01, ramp, value_noise

PatternSample = tuple[float, float, float, float, float]
Row = NDArray[np.float32]


@jit
def _mottled(m: Row, x: float, y: float, z: float, foot: float, salt: int) -> float:
    return 1.0 + m[12] * 2.0 * (fractal(x * 1.3 + z * 0.7, y * 1.3 - z * 0.5, 3, salt, foot * 1.3) - 0.5)


@jit
def _leaf(m: Row, x: float, y: float, z: float, u: float, v: float, foot: float, salt: int) -> PatternSample:
    """p0: reach of the base colour, p1: width of the margin, p2: length of the tip (third colour)."""
    a = 1.0 - ramp(0.0, max(m[17], 0.05), v)
    b = 0.0
    side = abs(u)
    if m[18] > 0:
        b = ramp(1.0 - m[18], 1.0 - 0.3 * m[18], side)
    if m[19] > 0:
        b = max(b, ramp(1.0 - m[19], 1.0 - 0.2 * m[19], v))
    vein = m[11] * sin(m[10] * (v - 0.35 * side)) - 2.2 * m[11] * exp(-(u * u) / 0.006)
    light = (0.62 + 0.38 * ramp(0.0, 0.4, v)) * (1.0 - 0.5 * vein) * _mottled(m, x, y, z, foot, salt)
    return a, b, light, 0.0, 0.0


@jit
def _striped(
    m: Row, x: float, y: float, z: float, u: float, v: float, foot: float, salt: int
) -> PatternSample:
    """White bumps in bands across the leaf; frequency: bands along it, amount: their cover."""
    wobble = value_noise(u * 2.0, v * 5.0, salt) * 2.5
    band = 0.5 + 0.5 * sin(v * m[10] * 2.6 + wobble * 2.0)
    breaks = value_noise(u * 4.0 + v * 3.0, v * m[10] * 1.3, salt + 5)
    b = ramp(1.0 - m[11], 1.1 - m[11] * 0.6, band * (0.35 + 0.9 * breaks))
    light = (0.62 + 0.38 * ramp(0.0, 0.4, v)) * _mottled(m, x, y, z, foot, salt)
    return 0.5 * (1.0 - ramp(0.0, 0.4, v)), b, light, 0.0, 0.0


@jit
def _ribs(m: Row, x: float, y: float, z: float, u: float, v: float, foot: float, salt: int) -> PatternSample:
    """Darker grooves between ribs, areoles on the ridges, wool at the crown; frequency: areoles a rib."""
    across = abs((u - floor(u)) - 0.5) * 2.0
    a = ramp(0.35, 1.0, across)
    along = v * m[10]
    near = abs((along - floor(along)) - 0.5)
    b = m[11] * (1.0 - ramp(0.08, 0.24, across)) * (1.0 - ramp(0.1, 0.26, near)) * ramp(0.1, 0.25, v)
    b = max(b, 0.9 * ramp(0.965, 1.0, v) * m[11])
    light = (0.72 + 0.28 * (1.0 - across)) * _mottled(m, x, y, z, foot, salt)
    return a, b, light, 0.0, 0.0


@jit
def _dots(m: Row, x: float, y: float, z: float, u: float, v: float, foot: float, salt: int) -> PatternSample:
    d1, _, number, _, _ = cells(u * m[10], v * m[10] * 1.3, salt)
    b = m[11] * (1.0 - ramp(0.1, 0.25, d1))
    return 0.35 * number, b, _mottled(m, x, y, z, foot, salt), 0.0, 0.0


@jit
def _plain(m: Row, x: float, y: float, z: float, foot: float, salt: int) -> PatternSample:
    """A plain surface under dust: amount is the share of the second colour's patches."""
    dust = fractal(x * 0.35 + z * 0.2, y * 0.35 - z * 0.3, 4, salt, foot * 0.35)
    a = m[11] * ramp(0.45, 0.75, dust)
    return a, 0.0, _mottled(m, x, y, z, foot, salt + 3), 0.0, 0.0


@jit
def _substrate(m: Row, x: float, y: float, foot: float, salt: int) -> PatternSample:
    """Peat with crumbs; frequency: crumbs a cm, p0: share of pale crumbs, p1: algae, amount: contrast."""
    f = m[10]
    fade = min(1.0, max(0.0, 1.6 - 1.6 * foot * f))
    warp_x = 0.7 * (value_noise(x * f * 1.9, y * f * 1.9, salt + 21) - 0.5)
    warp_y = 0.7 * (value_noise(x * f * 1.9, y * f * 1.9, salt + 22) - 0.5)
    d1, _, number, ox, oy = cells(x * f + warp_x, y * f + warp_y, salt)
    d3, _, grain, _, _ = cells(x * f * 2.3 + 5.1 + warp_y, y * f * 2.3 + warp_x, salt + 7)
    clump = fade * (1.0 - ramp(0.28, 0.5, d1))
    pale = 0.0
    if number < m[17]:
        pale = clump
    if grain < m[17] * 0.7:
        pale = max(pale, fade * (1.0 - ramp(0.25, 0.5, d3)))
    pale += (1.0 - fade) * m[17] * 0.4
    # Crumbs differ in tone, also the pale ones.
    pale *= 0.45 + 0.55 * hash01(int(number * 65535), int(grain * 65535), salt)
    damp = fractal(x * 0.3, y * 0.3, 3, salt + 11, foot * 0.3)
    fibre = fractal(x * f * 1.3, y * f * 1.3, 4, salt + 2, foot * f * 1.3)
    a = ramp(0.35, 0.7, damp) * 0.8
    chip = clump if number > 0.6 else 0.0
    light = (0.75 + 0.5 * damp) * (1.0 + (1.2 * m[11] + m[12]) * (fibre - 0.5) * 1.6)
    light *= 1.0 + m[11] * (chip * (2.6 * (number - 0.6) - 0.2) - 0.25 * (1.0 - clump) * fade)
    slope = 1.3 * m[11] * clump
    return a, pale, max(0.1, light), -ox * slope, -oy * slope


@jit
def _gravel(m: Row, x: float, y: float, foot: float, salt: int) -> PatternSample:
    """Stones of unequal size and colour; frequency: stones a cm."""
    f = m[10]
    warp_x = 0.4 * (value_noise(x * f * 2.1, y * f * 2.1, salt + 9) - 0.5)
    warp_y = 0.4 * (value_noise(x * f * 2.1, y * f * 2.1, salt + 10) - 0.5)
    fade = min(1.0, max(0.0, 1.8 - 1.8 * foot * f))
    dirt = fractal(x * 0.06, y * 0.06, 4, salt + 4, foot * 0.06)
    d, _, number, ox, oy = cells(x * f + warp_x, y * f + warp_y, salt)
    stone = 1.0 - ramp(0.36, 0.52, d)
    if stone < 0.4:
        # Between the large stones lie small ones, and between those is shadow.
        d, _, number, ox, oy = cells(x * f * 2.2 + warp_y * 2, y * f * 2.2 - warp_x * 2, salt + 31)
        stone = max(stone, 0.85 * (1.0 - ramp(0.3, 0.55, d)))
    a = ramp(0.3, 0.55, number) * (1.0 - ramp(0.62, 0.8, number)) * fade + 0.3 * (1 - fade)
    b = ramp(0.78, 0.95, number) * fade + 0.2 * (1 - fade)
    light = (
        (1.0 - 0.85 * (1.0 - stone) * fade)
        * (0.65 + 0.6 * hash01(int(number * 65535), 3, salt))
        * (0.6 + 0.8 * dirt)
    )
    light *= 1.0 + m[12] * (value_noise(x * f * 5, y * f * 5, salt + 1) - 0.5) * fade
    return a, b, light, -ox * 2.4 * fade * stone, -oy * 2.4 * fade * stone


@jit
def _cloth(m: Row, x: float, y: float, foot: float, salt: int) -> PatternSample:
    """Woven ground cover; frequency: threads a cm, p0: distance of the marking lines (cm), amount: dirt."""
    f = m[10]
    fade = min(1.0, max(0.0, 2.0 - 4.0 * foot * f))
    warp, weft = sin(2 * pi * f * x), sin(2 * pi * f * y)
    weave = 1.0 + 0.4 * fade * (warp if (floor(f * y) + floor(f * x)) % 2 == 0 else weft)
    dirt = fractal(x * 0.03, y * 0.03, 5, salt, foot * 0.03)
    grit = fractal(x * 1.1, y * 1.1, 3, salt + 6, foot * 1.1)
    a = m[11] * ramp(0.5, 0.72, dirt * 0.7 + grit * 0.3)
    b = 0.0
    if m[17] > 0:
        off = abs((x / m[17] - floor(x / m[17])) - 0.5) * m[17]
        width = max(m[18], foot * 0.7)
        b = (1.0 - ramp(width * 0.4, width * 0.8, off)) * min(1.0, m[18] / width + 0.3)
        b *= 0.55 + 0.45 * (1.0 if fade < 0.1 else 0.5 + 0.5 * sin(2 * pi * f * y * 0.5))
    crease = fractal(x * 0.05, y * 0.012, 3, salt + 8, foot * 0.05)
    light = weave * (0.7 + 0.6 * crease) * (1.0 + m[12] * (grit - 0.5))
    return a, b, light, 0.5 * (crease - 0.5), 0.0


@jit
def _soil(m: Row, x: float, y: float, foot: float, salt: int) -> PatternSample:
    """Earth with clods; frequency: clods a cm, p0: share of stones (third colour), amount: relief."""
    f = m[10]
    damp = fractal(x * 0.025, y * 0.025, 5, salt, foot * 0.025)
    rough = fractal(x * f, y * f, 5, salt + 1, foot * f)
    h = 0.35 / f
    east = fractal((x + h) * f, y * f, 5, salt + 1, foot * f)
    north = fractal(x * f, (y + h) * f, 5, salt + 1, foot * f)
    fine = fractal(x * f * 6, y * f * 6, 3, salt + 5, foot * f * 6)
    warp_x = 0.8 * (value_noise(x * f * 2.7, y * f * 2.7, salt + 6) - 0.5)
    warp_y = 0.8 * (value_noise(x * f * 2.7, y * f * 2.7, salt + 7) - 0.5)
    d1, _, number, ox, oy = cells(x * f * 0.9 + warp_x, y * f * 0.9 + warp_y, salt + 3)
    fade = min(1.0, max(0.0, 1.8 - 1.8 * foot * f))
    b = 0.0
    sx, sy = (rough - east) * -9.0 * m[11], (rough - north) * -9.0 * m[11]
    light = (0.4 + 1.2 * rough) * (0.7 + 0.6 * damp) * (0.65 + 0.7 * fine)
    if number < m[17]:
        # Stones of a few sizes and tones, the smallest the most frequent.
        size = 0.08 + 0.42 * hash01(int(number * 65535), 5, salt) ** 2
        # A narrow, turned and chipped outline instead of a disc.
        turn = 6.3 * hash01(int(number * 65535), 6, salt)
        along = ox * cos(turn) + oy * sin(turn)
        flat = 0.35 + 0.6 * hash01(int(number * 65535), 7, salt)
        chipped = value_noise(x * f * 6, y * f * 6, salt + 8) - 0.5
        reach = sqrt(max(0.0, d1 * d1 - along * along * (1.0 - flat)))
        b = fade * (1.0 - ramp(size * 0.8, size, reach * (1.0 + 0.45 * chipped)))
        if b > 0.3:
            sx, sy = ox * -2.0, oy * -2.0
            light = (0.3 + 0.9 * hash01(int(number * 65535), 9, salt)) * (0.8 + 0.4 * fine)
    b += (1.0 - fade) * m[17] * 0.2
    return ramp(0.42, 0.68, damp), b, light, sx, sy


@jit
def _concrete(m: Row, x: float, y: float, foot: float, salt: int) -> PatternSample:
    """Concrete, plaster or a painted board: stains (second colour), cracks (third), pores."""
    f = m[10]
    stain = fractal(x * f * 0.08, y * f * 0.08, 6, salt, foot * f * 0.08)
    pores = fractal(x * f * 1.5, y * f * 1.5, 4, salt + 5, foot * f * 1.5)
    d1, d2, _, _, _ = cells(x * f * 0.02 + stain, y * f * 0.02 + pores * 0.3, salt + 2)
    crack = m[17] * (1.0 - ramp(0.002, 0.012 + foot * f * 0.01, d2 - d1)) * ramp(0.5, 0.6, stain)
    a = m[11] * ramp(0.45, 0.75, stain)
    return a, crack, (0.8 + 0.4 * stain) * (1.0 + m[12] * 2.0 * (pores - 0.5)), 0.0, 0.0


@jit
def _tiles(m: Row, x: float, y: float, foot: float, salt: int) -> PatternSample:
    """Slabs with joints; frequency: slabs a cm, p0: length to width, p1: joint width in cm."""
    f = m[10]
    row = floor(y * f)
    shift = 0.5 * (row % 2) if m[19] > 0.5 else 0.0
    tx, ty = x * f / m[17] + shift, y * f
    cx, cy = abs(tx - floor(tx) - 0.5), abs(ty - row - 0.5)
    joint = max(m[18] * f, foot * f * 0.6)
    b = max(1.0 - ramp(0.0, joint, 0.5 - cx), 1.0 - ramp(0.0, joint, 0.5 - cy))
    tone = hash01(floor(tx), row, salt)
    stain = fractal(x * 0.07, y * 0.07, 5, salt + 1, foot * 0.07)
    grain = fractal(x * 2.0, y * 2.0, 3, salt + 2, foot * 2.0)
    a = m[11] * ramp(0.5, 0.75, stain)
    return a, b, (0.8 + 0.25 * tone + 0.2 * stain) * (1.0 + m[12] * 2.0 * (grain - 0.5)), 0.0, 0.0


@jit
def _wood(m: Row, u: float, v: float, foot: float, salt: int) -> PatternSample:
    """Boards along u with grain; p0: width of a board in cm, third colour: the gaps."""
    width = max(m[17], 0.5)
    board = floor(v / width)
    tone = hash01(board, 7, salt)
    inside = abs(v / width - board - 0.5)
    b = 1.0 - ramp(0.0, max(0.035, foot / width * 0.7), 0.5 - inside)
    grain = fractal(u * 0.12 + tone * 50, v * 2.2, 4, salt, foot * 2.2)
    knots = fractal(u * 0.05 + tone * 20, v * 0.3, 3, salt + 4, foot * 0.3)
    a = m[11] * ramp(0.4, 0.7, grain * 0.6 + knots * 0.4)
    return a, b, (0.7 + 0.4 * tone + 0.3 * grain) * (1.0 + m[12] * (knots - 0.5)), 0.0, 0.0


@jit
def _mesh(m: Row, x: float, y: float, foot: float, salt: int) -> PatternSample:
    """Knitted or slotted covering; frequency: stitches a cm, second colour: the holes."""
    f = m[10]
    fade = min(1.0, max(0.0, 2.2 - 3.0 * foot * f))
    wave = 0.25 * sin(2 * pi * x * f * 0.5)
    ridge = 0.5 + 0.5 * sin(2 * pi * (y * f + wave))
    cross = 0.5 + 0.5 * sin(2 * pi * x * f)
    hole = ramp(0.55, 0.85, ridge * cross + 0.25 * ridge)
    a = m[11] * (hole * fade + 0.3 * (1 - fade))
    dirt = fractal(x * 0.2, y * 0.2, 3, salt, foot * 0.2)
    light = (0.75 + 0.5 * dirt) * (1.0 + 0.25 * fade * (ridge - 0.5))
    return a, 0.0, light, 0.0, 0.0


@jit
def _slots(m: Row, x: float, y: float, z: float, u: float, v: float, foot: float, salt: int) -> PatternSample:
    """A crate's wall: rows of openings (third colour); frequency: openings a cm, p0: rows a cm, p1: height."""
    row = floor(v * m[17])
    along = u * m[10] + 0.5 * (row % 2) * (1.0 if m[19] > 0.5 else 0.0)
    du, dv = abs(along - floor(along) - 0.5), abs(v * m[17] - row - 0.5)
    b = 0.0
    if 0.7 < v < m[18] - 1.1 and m[11] > 0:
        b = m[11] * (1.0 - ramp(0.28, 0.33, du)) * (1.0 - ramp(0.22, 0.28, dv))
    return 0.0, b, _mottled(m, x, y, z, foot, salt), 0.0, 0.0


@jit
def _label(m: Row, x: float, y: float, u: float, v: float, foot: float, salt: int) -> PatternSample:
    """Lines of writing in the third colour; frequency: lines a cm."""
    line = floor(v * m[10])
    inside = abs(v * m[10] - line - 0.5)
    letter = value_noise(u * m[10] * 3.0, line * 7.0, salt)
    b = m[11] * (1.0 - ramp(0.12, 0.25, inside)) * ramp(0.42, 0.55, letter)
    return 0.0, b, 1.0, 0.0, 0.0


@jit
def _grass(m: Row, x: float, y: float, foot: float, salt: int) -> PatternSample:
    """Lawn or moss; frequency: tufts a cm."""
    f = m[10]
    patch = fractal(x * f * 0.1, y * f * 0.1, 4, salt, foot * f * 0.1)
    blade = fractal(x * f * 1.2, y * f * 3.5, 4, salt + 1, foot * f * 3)
    blade2 = fractal(x * f * 3.5, y * f * 1.2, 4, salt + 2, foot * f * 3)
    d1, _, number, ox, oy = cells(x * f * 1.6 + patch, y * f * 1.6 - patch, salt + 4)
    fade = min(1.0, max(0.0, 1.8 - 1.8 * foot * f))
    strength = max(blade, blade2) + 0.25 * fade * (number - 0.5) - 0.2 * fade * ramp(0.25, 0.7, d1)
    light = max(0.15, 0.3 + 1.5 * strength)
    return (
        ramp(0.4, 0.65, patch),
        0.6 * ramp(0.6, 0.8, patch) * blade,
        light,
        -0.4 * ox * fade,
        -0.4 * oy * fade,
    )


@jit
def _floor_pattern(
    m: Row, code: int, x: float, y: float, u: float, v: float, foot: float, salt: int
) -> PatternSample:
    """The patterns that lie flat and are read from the world's x and y."""
    if code == 5:
        return _substrate(m, x, y, foot, salt)
    if code == 6:
        return _gravel(m, x, y, foot, salt)
    if code == 7:
        return _cloth(m, x, y, foot, salt)
    if code == 8:
        return _soil(m, x, y, foot, salt)
    if code == 9:
        return _concrete(m, x, y, foot, salt)
    if code == 10:
        return _tiles(m, x, y, foot, salt)
    if code == 11:
        return _wood(m, u, v, foot, salt)
    if code == 12:
        return _mesh(m, x, y, foot, salt)
    return _grass(m, x, y, foot, salt)


@jit
def evaluate_pattern(m: Row, x: float, y: float, z: float, u: float, v: float, foot: float) -> PatternSample:
    """The pattern of the material's row at a place."""
    code, salt = int(m[0]), int(m[16])
    if code == 1:
        return _leaf(m, x, y, z, u, v, foot, salt)
    if code == 2:
        return _striped(m, x, y, z, u, v, foot, salt)
    if code == 3:
        return _ribs(m, x, y, z, u, v, foot, salt)
    if code == 4:
        return _dots(m, x, y, z, u, v, foot, salt)
    if code == 13:
        return _slots(m, x, y, z, u, v, foot, salt)
    if code == 14:
        return _label(m, x, y, u, v, foot, salt)
    if code == 0:
        return _plain(m, x, y, z, foot, salt)
    return _floor_pattern(m, code, x, y, u, v, foot, salt)
