"""Capacity: a crate or tray never holds more plants than it has room for, and a picture shows no more than fit in."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from mlpipeline.vision.arrays import check
from mlpipeline.vision.geometry.boxes import areas
from mlpipeline.vision.geometry.polygons import polygon_area
from mlpipeline.vision.results import OVER_CAPACITY, ContainerCount, PhotoCount

# How often plants cover the ground at most: the boxes of the densest of 130 rendered and real pictures do 1.6 times.
MAX_COVER = 2.0
MIN_UNSEEN = 2  # plants that any photo may hide


def clamp_to_capacity(count: ContainerCount, units: int | None = None) -> ContainerCount:
    """A count of which nothing is estimated beyond what the container holds.

    Args:
        count: of one container.
        units: the most plants that such a container holds, as the nursery knows it; None where it knows no limit.
            Cells that could be read from the picture (`count.capacity`) limit it too.

    Estimates are cut to the room that detections leave, each band by the same share, so that the bands still tell
    where. Detections are never taken back, as they were seen: more of them than units earn the warning
    `over_capacity`. The argument is not modified; cutting twice changes nothing more.
    Raises: InvalidInput for units below 1.
    """
    limits = [limit for limit in (units, count.capacity) if limit is not None]
    if not limits:
        return count
    most = min(limits)
    check(most >= 1, f"a container holds at least one plant, got {most}")
    if count.detected > most and OVER_CAPACITY not in count.warnings:
        count = replace(count, warnings=(*count.warnings, OVER_CAPACITY))
    room = max(0, most - count.detected)
    if count.estimated <= room:
        return count
    share = room / count.estimated
    bands = tuple(replace(band, estimated=band.estimated * share) for band in count.bands)
    return replace(count, estimated=room, bands=bands)


def likely_capacity(count: PhotoCount, unmatched_leaf: float, max_plants: Mapping[str, int]) -> int:
    """The most plants that a photo can hold, by what it shows and what is known of its containers.

    Args:
        count: of the photo.
        unmatched_leaf: plants that would fit on green leaf that no detection covers.
        max_plants: by type of container, the most plants that one holds (`PlacePriors.max_plants`).

    A container holds as many plants as those detected on the photo fit on its ground, as it has cells, and as the
    nursery knows. All together hide no more than are seen: once more the plants that count, those whose score was too
    low, and those that fit on bare leaf, and MIN_UNSEEN. Never less than the total of the count.
    """
    boxes = count.detections.plants.boxes
    plant_px = max(float(np.median(areas(boxes))), 1.0) if len(boxes) else None
    picture = float(count.width * count.height)
    room = sum(_container_room(part, plant_px, max_plants) for part in count.containers)
    if plant_px is not None:
        room = min(room, MAX_COVER * picture / plant_px)
    seen = 2 * count.total + len(count.suppressed_low_score) + unmatched_leaf + MIN_UNSEEN
    return max(math.floor(min(room, seen)), count.total)


def _container_room(part: ContainerCount, plant_px: float | None, max_plants: Mapping[str, int]) -> float:
    limits = [limit for limit in (part.capacity, max_plants.get(part.container.type)) if limit is not None]
    if plant_px is not None:
        limits.append(math.floor(MAX_COVER * polygon_area(part.container.polygon) / plant_px))
    return max(min(limits, default=math.inf), part.total)
