"""SAHI's own slices and merging without its network, to compare ours with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mlpipeline.detectors.environment import prepare_libraries
from mlpipeline.vision.arrays import Shape
from mlpipeline.vision.imaging.tiles import Tile
from mlpipeline.vision.results import Detections


def sahi_tiles(shape: Shape, side_px: int, overlap: float) -> tuple[Tile, ...]:
    """The slices SAHI cuts a picture of `shape` into; the last of a row and column is shifted inwards."""
    prepare_libraries()
    from sahi.slicing import get_slice_bboxes

    slices = get_slice_bboxes(
        image_height=shape[0],
        image_width=shape[1],
        slice_height=side_px,
        slice_width=side_px,
        overlap_height_ratio=overlap,
        overlap_width_ratio=overlap,
    )
    return tuple(Tile(x0, y0, side_px) for x0, y0, _, _ in slices)


def count_greedy_nmm(seen: Detections) -> int:
    """Plants left by SAHI's default: GREEDYNMM with IOS ≥ .5."""
    from sahi.postprocess.combine import greedy_nmm

    return _count(greedy_nmm, seen, "IOS")


def count_nms(seen: Detections) -> int:
    """Plants left by SAHI's NMS with IOU ≥ .5."""
    from sahi.postprocess.combine import nms

    return _count(nms, seen, "IOU")


def _count(method: Callable[..., Any], seen: Detections, metric: str) -> int:
    """On numpy: `auto` compiles for seconds where numba is installed, and is no faster at these sizes."""
    from sahi.postprocess.backends import get_postprocess_backend, set_postprocess_backend

    before = get_postprocess_backend()
    set_postprocess_backend("numpy")
    try:
        rows = np.column_stack([seen.boxes, seen.scores, np.zeros(len(seen), dtype=np.float32)])
        return len(method(rows, metric, 0.5))
    finally:
        set_postprocess_backend(before)
