"""Capacity: a crate or tray never holds more plants than it has room for, and a picture shows no more than fit in."""

from dataclasses import replace

import numpy as np

from mlpipeline.vision.arrays import check
from mlpipeline.vision.geometry.boxes import areas
from mlpipeline.vision.geometry.polygons import polygon_area
from mlpipeline.vision.results import OVER_CAPACITY, ContainerCount, PhotoCount

# How often plants cover the ground at most: the boxes of the densest of 130 rendered and real pictures do 1.6 times.
MAX_COVER = 2.0


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


def visible_capacity(count: PhotoCount) -> int | None:
    """How many plants as large as those detected the containers of a photo can show; None where none was detected.

    At least the total of the count.
    """
    boxes = count.detections.plants.boxes
    if not len(boxes):
        return None
    ground = sum(polygon_area(part.container.polygon) for part in count.containers)
    ground = min(ground, float(count.width * count.height))
    room = MAX_COVER * ground / max(float(np.median(areas(boxes))), 1.0)
    return max(int(room), count.total)
