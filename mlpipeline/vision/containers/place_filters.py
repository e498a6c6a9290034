"""Filters of containers: those that do not belong to the place of a photo."""

from collections.abc import Sequence

from mlpipeline.vision.arrays import Shape
from mlpipeline.vision.results import Container

# An outline ends at the picture's edge within this share of the picture's width: segmenters stop a little short.
EDGE_SHARE = 0.01


def drop_side_truncated(containers: Sequence[Container], shape: Shape) -> list[Container]:
    """The containers without those that the left or the right edge of the picture cuts, in their order.

    One photo shows one place, and places lie side by side: what runs out of the picture on one side continues in the
    neighbour's photo. What reaches both sides is the place itself, from close by; and where every container is cut on
    one side, the owner is unknown and all stay. The upper and the lower edge cut long beds, so they are not regarded.
    """
    own = [found for found in containers if not _is_cut_on_one_side(found, shape)]
    return own or list(containers)


def _is_cut_on_one_side(found: Container, shape: Shape) -> bool:
    width = shape[1]
    margin = EDGE_SHARE * width
    reaches_left = float(found.polygon[:, 0].min()) <= margin
    reaches_right = float(found.polygon[:, 0].max()) >= width - margin
    return reaches_left != reaches_right
