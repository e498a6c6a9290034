"""Outlines: how well the containers that were found lie on those that are there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlpipeline.evaluation.ground_truth import ContainerTruth
from mlpipeline.evaluation.records import MIN_CONTAINER_IOU, ContainerRecord
from mlpipeline.vision.arrays import Polygon, Shape
from mlpipeline.vision.geometry.masks import Region, polygon_region, region_iou
from mlpipeline.vision.results import Container

WORK_SIDE_PX = 1024  # masks are compared at this size: an outline of a 12-megapixel photo is exact to 4 px


def compare_outlines(
    truth: Sequence[ContainerTruth], found: Sequence[Container], shape: Shape
) -> tuple[tuple[ContainerRecord, ...], int]:
    """The best IoU of each true container with one found of its type, and how many found ones are no container.

    Each container is paired once, the best IoU first. An assumed container was not found and is not counted. What
    overlaps no true container by half is none, whatever its type; the true ones of other types count for that, too,
    because taking a box for a plug is one mistake and not two.
    """
    seen = [container for container in found if not container.is_inferred]
    ratio = min(1.0, WORK_SIDE_PX / max(shape))
    small = (max(1, round(shape[0] * ratio)), max(1, round(shape[1] * ratio)))
    true_regions = [_small_region(container.polygon, ratio, small) for container in truth]
    seen_regions = [_small_region(container.polygon, ratio, small) for container in seen]
    ious = np.array(
        [[region_iou(one, other) for other in seen_regions] for one in true_regions], dtype=np.float64
    ).reshape(len(truth), len(seen))
    strange = int(np.count_nonzero(ious.max(axis=0, initial=0) < 0.5))
    same_type = np.array(
        [[one.type == other.type for other in seen] for one in truth], dtype=np.bool_
    ).reshape(ious.shape)
    paired = np.where(same_type, ious, 0.0)
    best = np.zeros(len(truth))
    for _ in range(min(paired.shape)):
        row, column = np.unravel_index(int(paired.argmax()), paired.shape)
        best[row] = max(best[row], paired[row, column])
        paired[row, :], paired[:, column] = 0.0, 0.0
    records = tuple(
        ContainerRecord(container.type, value) for container, value in zip(truth, best.tolist(), strict=True)
    )
    return records, strange


def is_right(record: ContainerRecord) -> bool:
    """Whether a container was found with the right outline."""
    return record.iou >= MIN_CONTAINER_IOU


def _small_region(polygon: Polygon, ratio: float, shape: Shape) -> Region:
    return polygon_region(polygon * np.float32(ratio), shape)
