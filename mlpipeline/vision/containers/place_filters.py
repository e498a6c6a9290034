"""Filters of containers: those that do not belong to the place of a photo, and those that others cover."""

from collections.abc import Sequence

import numpy as np

from mlpipeline.vision.arrays import Shape
from mlpipeline.vision.geometry.masks import Region, polygon_region, subtract_region
from mlpipeline.vision.results import Container

WORK_SIDE_PX = 512
# An outline ends at the picture's edge within this share of the picture's width: segmenters stop a little short.
EDGE_SHARE = 0.01
HIDDEN_SHARE = 0.05  # of its own pixels: a segment of which boxes leave less is the gaps between them


def drop_side_truncated(containers: Sequence[Container], shape: Shape) -> list[Container]:
    """The containers without those that the left or the right edge of the picture cuts, in their order.

    One photo shows one place, and places lie side by side: what runs out of the picture on one side continues in the
    neighbour's photo. What reaches both sides is the place itself, from close by; and where every container is cut on
    one side, the owner is unknown and all stay. The upper and the lower edge cut long beds, so they are not regarded.
    """
    own = [found for found in containers if not _is_cut_on_one_side(found, shape)]
    return own or list(containers)


def drop_covered_segments(containers: Sequence[Container], shape: Shape) -> list[Container]:
    """The containers without segments that boxes and trays cover but for HIDDEN_SHARE of their pixels.

    What is left of such a segment are the gaps between the boxes, with leaves that lean over their rims: all plants
    there have an owner already.
    """
    boxes = [found for found in containers if found.type != "segment"]
    if not boxes:
        return list(containers)
    taken = [_small_region(found, shape) for found in boxes]
    return [found for found in containers if found.type != "segment" or not _is_hidden(found, taken, shape)]


def _is_cut_on_one_side(found: Container, shape: Shape) -> bool:
    width = shape[1]
    margin = EDGE_SHARE * width
    reaches_left = float(found.polygon[:, 0].min()) <= margin
    reaches_right = float(found.polygon[:, 0].max()) >= width - margin
    return reaches_left != reaches_right


def _is_hidden(segment: Container, taken: Sequence[Region], shape: Shape) -> bool:
    whole = left = _small_region(segment, shape)
    for region in taken:
        left = subtract_region(left, region)
    return left.area_px < HIDDEN_SHARE * whole.area_px


def _small_region(found: Container, shape: Shape) -> Region:
    """The pixels of a container in the picture shrunk to WORK_SIDE_PX: shares of areas need no more."""
    scale = min(1.0, WORK_SIDE_PX / max(shape))
    small = (max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale)))
    return polygon_region(found.polygon * np.float32(scale), small)
