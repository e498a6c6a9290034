"""Z-buffered rasterization of triangles, compiled.

"Nearness" grows towards the eye (1/depth for the camera, height along the light for shadows); it is
interpolated linearly on the screen, which is exact for both.
"""

from __future__ import annotations

from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from mlpipeline.training.scenes.jit import jit

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@jit
def draw_faces(
    x: Floats,
    y: Floats,
    near: Floats,
    faces: Ints,
    owner: Ints,
    nearest: Floats,
    face_at: Ints,
    stamp: Ints,
    own_px: Ints,
) -> None:
    """Draws faces (F, 3) into `nearest` (H, W) and `face_at` (H, W; untouched where nothing lies).

    `owner` (F,) is each face's instance; faces of an instance follow one another. `own_px` counts
    each instance's pixels as if it stood alone, with the help of `stamp` (H, W; starts at −1).
    """
    height, width = nearest.shape
    for face in range(faces.shape[0]):
        i, j, k = faces[face, 0], faces[face, 1], faces[face, 2]
        if near[i] <= 0 or near[j] <= 0 or near[k] <= 0:
            continue
        x0, x1, x2 = float(x[i]), float(x[j]), float(x[k])
        y0, y1, y2 = float(y[i]), float(y[j]), float(y[k])
        left = max(0, ceil(min(x0, x1, x2) - 0.5))
        right = min(width - 1, floor(max(x0, x1, x2) - 0.5))
        top = max(0, ceil(min(y0, y1, y2) - 0.5))
        bottom = min(height - 1, floor(max(y0, y1, y2) - 0.5))
        if left > right or top > bottom:
            continue
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if abs(area) < 1e-9:
            continue
        inverse = 1.0 / area
        n0, n1, n2 = float(near[i]), float(near[j]), float(near[k])
        who = owner[face]
        for row in range(top, bottom + 1):
            py = row + 0.5
            for column in range(left, right + 1):
                px = column + 0.5
                b1 = ((px - x0) * (y2 - y0) - (x2 - x0) * (py - y0)) * inverse
                b2 = ((x1 - x0) * (py - y0) - (px - x0) * (y1 - y0)) * inverse
                b0 = 1.0 - b1 - b2
                if b0 < -1e-6 or b1 < -1e-6 or b2 < -1e-6:
                    continue
                if stamp[row, column] != who:
                    stamp[row, column] = who
                    own_px[who] += 1
                here = b0 * n0 + b1 * n1 + b2 * n2
                if here > nearest[row, column]:
                    nearest[row, column] = here
                    face_at[row, column] = face


@jit
def draw_depth(x: Floats, y: Floats, near: Floats, faces: Ints, nearest: Floats) -> None:
    """Keeps the largest nearness of the faces in `nearest` (H, W): a shadow or height map."""
    height, width = nearest.shape
    for face in range(faces.shape[0]):
        i, j, k = faces[face, 0], faces[face, 1], faces[face, 2]
        x0, x1, x2 = float(x[i]), float(x[j]), float(x[k])
        y0, y1, y2 = float(y[i]), float(y[j]), float(y[k])
        left = max(0, ceil(min(x0, x1, x2) - 0.5))
        right = min(width - 1, floor(max(x0, x1, x2) - 0.5))
        top = max(0, ceil(min(y0, y1, y2) - 0.5))
        bottom = min(height - 1, floor(max(y0, y1, y2) - 0.5))
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if left > right or top > bottom or abs(area) < 1e-9:
            continue
        inverse = 1.0 / area
        n0, n1, n2 = float(near[i]), float(near[j]), float(near[k])
        for row in range(top, bottom + 1):
            py = row + 0.5
            for column in range(left, right + 1):
                px = column + 0.5
                b1 = ((px - x0) * (y2 - y0) - (x2 - x0) * (py - y0)) * inverse
                b2 = ((x1 - x0) * (py - y0) - (px - x0) * (y1 - y0)) * inverse
                b0 = 1.0 - b1 - b2
                if b0 < -1e-6 or b1 < -1e-6 or b2 < -1e-6:
                    continue
                here = b0 * n0 + b1 * n1 + b2 * n2
                if here > nearest[row, column]:
                    nearest[row, column] = here


@jit
def count_seen(face_at: Ints, owner: Ints, seen_px: Ints, boxes: Ints) -> None:
    """Counts the visible pixels of each instance and their bounding boxes.

    `boxes` (I, 4) starts as (W, H, 0, 0) and ends as x0, y0, x1, y1 with right and bottom excluded.
    """
    height, width = face_at.shape
    for row in range(height):
        for column in range(width):
            face = face_at[row, column]
            if face < 0:
                continue
            who = owner[face]
            seen_px[who] += 1
            boxes[who, 0] = min(boxes[who, 0], column)
            boxes[who, 1] = min(boxes[who, 1], row)
            boxes[who, 2] = max(boxes[who, 2], column + 1)
            boxes[who, 3] = max(boxes[who, 3], row + 1)


@jit
def smooth_normals(vertices: Floats, faces: Ints) -> Floats:
    """Normals at vertices: the area-weighted mean of their faces, length 1."""
    normals = np.zeros_like(vertices)
    for face in range(faces.shape[0]):
        i, j, k = faces[face, 0], faces[face, 1], faces[face, 2]
        ax, ay, az = (
            vertices[j, 0] - vertices[i, 0],
            vertices[j, 1] - vertices[i, 1],
            vertices[j, 2] - vertices[i, 2],
        )
        bx, by, bz = (
            vertices[k, 0] - vertices[i, 0],
            vertices[k, 1] - vertices[i, 1],
            vertices[k, 2] - vertices[i, 2],
        )
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        for corner in (i, j, k):
            normals[corner, 0] += nx
            normals[corner, 1] += ny
            normals[corner, 2] += nz
    for vertex in range(vertices.shape[0]):
        length = np.sqrt(normals[vertex, 0] ** 2 + normals[vertex, 1] ** 2 + normals[vertex, 2] ** 2) + 1e-12
        for axis in range(3):
            normals[vertex, axis] /= length
    return normals
