"""YOLO labels: the lines of text beside a training picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]


def box_lines(boxes: Boxes, classes: Sequence[int], width_px: int, height_px: int) -> list[str]:
    """`class cx cy w h` as shares of the picture, for (N, 4) xyxy px boxes inside it."""
    size = np.array([width_px, height_px], dtype=np.float64)
    lines = []
    for box, label in zip(np.asarray(boxes, dtype=np.float64).reshape(-1, 4), classes, strict=True):
        centre, extent = (box[:2] + box[2:]) / 2 / size, (box[2:] - box[:2]) / size
        lines.append(f"{label} " + " ".join(f"{value:.6f}" for value in (*centre, *extent)))
    return lines


def polygon_line(polygon: Iterable[tuple[float, float]], label: int, width_px: int, height_px: int) -> str:
    """`class x y x y …` as shares of the picture, points clipped to it."""
    points = np.asarray(list(polygon), dtype=np.float64) / [width_px, height_px]
    return f"{label} " + " ".join(f"{value:.6f}" for value in points.clip(0, 1).reshape(-1))


def read_boxes(text: str, width_px: int, height_px: int) -> tuple[Boxes, NDArray[np.int16]]:
    """The (N, 4) xyxy px boxes and (N,) classes of a label file. Raises ValueError for a malformed line."""
    rows = [line.split() for line in text.splitlines() if line.strip()]
    if any(len(row) != 5 for row in rows):
        raise ValueError("a line of box labels is: class cx cy w h")
    values = np.array(rows, dtype=np.float64).reshape(-1, 5)
    centre, half = values[:, 1:3], values[:, 3:5] / 2
    boxes = np.concatenate([centre - half, centre + half], axis=1) * [
        width_px,
        height_px,
        width_px,
        height_px,
    ]
    return boxes.astype(np.float32), values[:, 0].astype(np.int16)
