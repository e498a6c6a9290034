"""Painted beds whose truth is known: plants on a ground, for what needs colours and not a detector."""

import cv2
import numpy as np

from mlpipeline.vision.results import Container, Detections

SOIL, LEAF, PALE, GREY = (120, 85, 60), (70, 130, 60), (205, 200, 190), (128, 128, 128)


def painted(shape, discs, plant=LEAF, ground=SOIL, seed=0):
    """A picture of discs (x, y, radius) on a ground, both with grain."""
    rng = np.random.default_rng(seed)
    picture = np.empty((*shape, 3), np.float32)
    picture[:] = ground
    for x, y, radius in discs:
        cv2.circle(picture, (round(x), round(y)), round(radius), tuple(map(float, plant)), -1)
    return np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)


def grid_of_discs(rows, columns, spacing, radius, corner=(0.0, 0.0), jitter=0.0, seed=0):
    """Discs in rows and columns; each may stand off its place by `jitter` of the spacing."""
    rng = np.random.default_rng(seed)
    return [
        (
            corner[0] + (column + 0.5 + rng.uniform(-jitter, jitter)) * spacing,
            corner[1] + (row + 0.5 + rng.uniform(-jitter, jitter)) * spacing,
            radius,
        )
        for row in range(rows)
        for column in range(columns)
    ]


def detections_of(discs, kind=0, score=0.8):
    """One detection a disc, its box drawn tight."""
    boxes = np.array([[x - r, y - r, x + r, y + r] for x, y, r in discs], np.float32).reshape(-1, 4)
    return Detections(boxes, np.full(len(boxes), score), np.full(len(boxes), kind))


def rectangle(kind, x0, y0, x1, y1, score=0.9):
    return Container(kind, np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32), score)
