"""Deferred shading: each pixel's surface, found again from its triangle, is lit once. Compiled."""

from __future__ import annotations

from math import cos, floor, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from mlpipeline.training.scenes.jit import jit
from mlpipeline.training.scenes.noise import ramp, value_noise
from mlpipeline.training.scenes.patterns import evaluate_pattern

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@jit
def fill_ground(view: Floats, nearest: Floats, face_at: Ints) -> None:
    """Writes the ground's nearness (1/depth) where no face lies. `view` as in `shade`."""
    height, width = nearest.shape
    for row in range(height):
        b = (height / 2 - row - 0.5) / view[4, 0]
        for column in range(width):
            if face_at[row, column] >= 0:
                continue
            a = (column + 0.5 - width / 2) / view[4, 0]
            dz = a * view[1, 2] + b * view[2, 2] + view[3, 2]
            nearest[row, column] = -dz / view[0, 2]


@jit
def _sun_share(
    x: float,
    y: float,
    z: float,
    nx: float,
    ny: float,
    nz: float,
    light: Floats,
    shadow: Floats,
    frame: Floats,
) -> float:
    """Share of the sun that reaches the place: nine taps of the shadow map, then the bars."""
    lift = 1.3 * frame[0, 4] + 0.03
    px, py, pz = x + nx * lift, y + ny * lift, z + nz * lift
    inverse = 1.0 / frame[0, 4]
    u = (px * frame[0, 0] + py * frame[0, 1] + pz * frame[0, 2] - frame[0, 3]) * inverse
    v = (px * frame[1, 0] + py * frame[1, 1] + pz * frame[1, 2] - frame[1, 3]) * inverse
    near = px * frame[2, 0] + py * frame[2, 1] + pz * frame[2, 2] + 0.02
    rows, columns = shadow.shape
    # The penumbra is as wide as the light is soft, for something 6 cm above.
    radius = max(0.7, light[12] * 6.0 * inverse)
    lit = 0.0
    for i in range(-1, 2):
        for j in range(-1, 2):
            column, row = floor(u + i * radius), floor(v + j * radius)
            if column < 0 or row < 0 or column >= columns or row >= rows or shadow[row, column] <= near:
                lit += 1.0
    lit /= 9.0
    if light[16] > 0:
        # Where the ray to the sun meets the height of the bars (2.5 m).
        reach = (250.0 - z) / max(light[2], 0.2)
        across = (x + light[0] * reach) * cos(light[13]) + (y + light[1] * reach) * sin(light[13])
        place = (across / light[14] - floor(across / light[14])) * light[14]
        edge = max(0.02 * light[14], 2.0)
        inside = ramp(0.0, edge, place) * (1.0 - ramp(light[15], light[15] + edge, place))
        lit *= 1.0 - light[16] * inside
    return lit


@jit
def _sky_share(x: float, y: float, z: float, close: Floats, wide: Floats, frame: Floats) -> float:
    """Share of the sky seen from the place, from the mean heights around it."""
    column, row = int((x - frame[0]) / frame[2]), int((y - frame[1]) / frame[2])
    rows, columns = close.shape
    if column < 0 or row < 0 or column >= columns or row >= rows:
        return 1.0
    above_close = max(0.0, close[row, column] - z) / frame[3]
    above_wide = max(0.0, wide[row, column] - z) / frame[4]
    return 1.0 / (1.0 + 0.9 * above_close + 1.3 * above_wide)


@jit
def shade(
    first_row: int,
    last_row: int,
    view: Floats,
    face_at: Ints,
    vertices: Floats,
    normals: Floats,
    uv: Floats,
    faces: Ints,
    face_material: Ints,
    materials: Floats,
    ground: Floats,
    light: Floats,
    shadow: Floats,
    shadow_frame: Floats,
    close: Floats,
    wide: Floats,
    sky_frame: Floats,
    crevice: Floats,
    out: Floats,
) -> None:
    """Lights rows first_row..last_row−1 of `out` (H, W, 3), linear light.

    `view` (5, 3): camera position, right, up, forward, (focal px, 0, 0). `ground`: border direction
    x, y and offset of the two ground materials, wobble size and frequency, material numbers, salt.
    """
    height, width = face_at.shape
    ox, oy, oz = float(view[0, 0]), float(view[0, 1]), float(view[0, 2])
    focal = float(view[4, 0])
    for row in range(first_row, last_row):
        b = (height / 2 - row - 0.5) / focal
        for column in range(width):
            a = (column + 0.5 - width / 2) / focal
            dx = a * view[1, 0] + b * view[2, 0] + view[3, 0]
            dy = a * view[1, 1] + b * view[2, 1] + view[3, 1]
            dz = a * view[1, 2] + b * view[2, 2] + view[3, 2]
            face = face_at[row, column]
            if face >= 0:
                i, j, k = faces[face, 0], faces[face, 1], faces[face, 2]
                e1x, e1y, e1z = (
                    vertices[j, 0] - vertices[i, 0],
                    vertices[j, 1] - vertices[i, 1],
                    vertices[j, 2] - vertices[i, 2],
                )
                e2x, e2y, e2z = (
                    vertices[k, 0] - vertices[i, 0],
                    vertices[k, 1] - vertices[i, 1],
                    vertices[k, 2] - vertices[i, 2],
                )
                hx, hy, hz = dy * e2z - dz * e2y, dz * e2x - dx * e2z, dx * e2y - dy * e2x
                det = e1x * hx + e1y * hy + e1z * hz
                if abs(det) < 1e-12:
                    det = 1e-12
                sx, sy, sz = ox - vertices[i, 0], oy - vertices[i, 1], oz - vertices[i, 2]
                b1 = min(1.0, max(0.0, (sx * hx + sy * hy + sz * hz) / det))
                qx, qy, qz = sy * e1z - sz * e1y, sz * e1x - sx * e1z, sx * e1y - sy * e1x
                b2 = min(1.0 - b1, max(0.0, (dx * qx + dy * qy + dz * qz) / det))
                b0 = 1.0 - b1 - b2
                x = b0 * vertices[i, 0] + b1 * vertices[j, 0] + b2 * vertices[k, 0]
                y = b0 * vertices[i, 1] + b1 * vertices[j, 1] + b2 * vertices[k, 1]
                z = b0 * vertices[i, 2] + b1 * vertices[j, 2] + b2 * vertices[k, 2]
                nx = b0 * normals[i, 0] + b1 * normals[j, 0] + b2 * normals[k, 0]
                ny = b0 * normals[i, 1] + b1 * normals[j, 1] + b2 * normals[k, 1]
                nz = b0 * normals[i, 2] + b1 * normals[j, 2] + b2 * normals[k, 2]
                u = b0 * uv[i, 0] + b1 * uv[j, 0] + b2 * uv[k, 0]
                v = b0 * uv[i, 1] + b1 * uv[j, 1] + b2 * uv[k, 1]
                number = face_material[face]
                # Faces have two sides: the normal turns to the eye.
                if nx * dx + ny * dy + nz * dz > 0:
                    nx, ny, nz = -nx, -ny, -nz
            else:
                reach = -oz / dz
                x, y, z = ox + dx * reach, oy + dy * reach, 0.0
                nx, ny, nz = 0.0, 0.0, 1.0
                u, v = x, y
                wobble = ground[3] * (value_noise(x * ground[4], y * ground[4], int(ground[7])) - 0.5)
                wobble += (
                    0.25
                    * ground[3]
                    * (value_noise(x * ground[4] * 5, y * ground[4] * 5, int(ground[7])) - 0.5)
                )
                number = (
                    int(ground[5]) if x * ground[0] + y * ground[1] + wobble < ground[2] else int(ground[6])
                )
            m = materials[number]
            away = sqrt((x - ox) ** 2 + (y - oy) ** 2 + (z - oz) ** 2)
            foot = away / focal
            second, third, bright, slope_x, slope_y = evaluate_pattern(m, x, y, z, u, v, foot)
            if nz > 0.5:
                nx, ny = nx - slope_x * 0.35, ny - slope_y * 0.35
            length = sqrt(nx * nx + ny * ny + nz * nz) + 1e-9
            nx, ny, nz = nx / length, ny / length, nz / length
            facing = nx * light[0] + ny * light[1] + nz * light[2]
            sun = _sun_share(x, y, z, nx, ny, nz, light, shadow, shadow_frame)
            direct = sun * max(0.0, facing)
            through = sun * max(0.0, -facing) * m[15]
            sky = _sky_share(x, y, z, close, wide, sky_frame) * crevice[row, column]
            glint = 0.0
            if m[13] > 0:
                vx, vy, vz = (ox - x) / away, (oy - y) / away, (oz - z) / away
                hx, hy, hz = vx + light[0], vy + light[1], vz + light[2]
                size = sqrt(hx * hx + hy * hy + hz * hz) + 1e-9
                half = max(0.0, (nx * hx + ny * hy + nz * hz) / size)
                grazing = (1.0 - max(0.0, nx * vx + ny * vy + nz * vz)) ** 4
                glint = m[13] * (sun * half ** m[14] * 0.7 + 0.12 * sky * (0.3 + grazing))
            for channel in range(3):
                colour = m[1 + channel] + (m[4 + channel] - m[1 + channel]) * second
                colour += (m[7 + channel] - colour) * third
                colour *= max(0.02, bright)
                ambient = light[6 + channel] * (0.5 + 0.5 * nz) + light[9 + channel] * (0.5 - 0.5 * nz)
                energy = (
                    light[3 + channel] * (direct + through) * (0.55 + 0.45 * crevice[row, column])
                    + ambient * sky
                )
                out[row, column, channel] = colour * energy + glint * (
                    light[3 + channel] + 0.3 * light[6 + channel]
                )
