"""Borders: plants that the edge of the picture cuts, and which of them count.

The next photo of the bed shows them too. Whoever wants each plant in one photo only counts those that are at least
half in the picture; where a photo shows all there is, every plant that can be told counts.
"""

import numpy as np

from .arrays import Boxes, Mask, Shape
from .boxes import areas, sides
from .perspective import usual_areas
from .results import EMPTY, Detections

# A box ends at the border within this share of its side, or this many px: detectors do not place it exactly.
TOLERANCE_SHARE, TOLERANCE_PX = 0.03, 1.0
LEAST_EXAMPLES = 3  # whole plants that tell how large a cut one is


def at_border(boxes: Boxes, shape: Shape) -> Mask:
    """(N,) True for boxes that reach an edge of a picture of `shape`."""
    height, width = shape
    reach = np.maximum(TOLERANCE_SHARE * sides(boxes), TOLERANCE_PX)
    low = (boxes[:, :2] <= reach[:, None]).any(axis=1)
    far = np.array([width, height], dtype=np.float32)
    return np.asarray(low | (boxes[:, 2:] >= far - reach[:, None]).any(axis=1))


def whole_boxes(boxes: Boxes, shape: Shape) -> Mask:
    """(N,) True for boxes that have an area and that no edge of the picture cuts."""
    return ~at_border(boxes, shape) & (areas(boxes) > 0)


def without_slivers(detections: Detections, shape: Shape, least_share: float) -> Detections:
    """The detections of a container without those of which the picture shows too little.

    Args:
        detections: in px of a picture of `shape`, cut at its edges.
        least_share: of the area that whole ones of their kind (plants, or empty pots) usually have at that place;
            what the border cuts down to less is left out. 0 keeps everything.

    Where fewer than LEAST_EXAMPLES whole ones of a kind stand in the container, nothing tells and all stay.
    """
    if least_share <= 0:
        return detections
    kept = np.ones(len(detections), dtype=np.bool_)
    whole = whole_boxes(detections.boxes, shape)
    is_empty = detections.classes == EMPTY
    for kind in (is_empty, ~is_empty):
        examples, cut = detections.boxes[whole & kind], np.flatnonzero(~whole & kind)
        if len(examples) < LEAST_EXAMPLES:
            continue
        boxes = detections.boxes[cut]
        kept[cut] = areas(boxes) >= least_share * usual_areas(examples, boxes)
    return detections.select(kept)
