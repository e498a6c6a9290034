"""Plants that the border of the picture cuts, and which of them count.

The next photo of the bed shows them too. Whoever wants each plant in one photo only counts those that are at least
half in the picture; where a photo shows all there is, every plant that can be recognised counts.
"""

import numpy as np

from mlpipeline.vision.arrays import Boxes, Mask, Shape
from mlpipeline.vision.geometry.boxes import areas, sides
from mlpipeline.vision.geometry.size_trend import predict_areas
from mlpipeline.vision.results import EMPTY, Detections

# A box ends at the border within this share of its side, or this many px: detectors do not place it exactly.
TOLERANCE_SHARE, TOLERANCE_PX = 0.03, 1.0
MIN_EXAMPLES_COUNT = 3  # whole plants from which the size of a cut one is predicted


def touches_border(boxes: Boxes, shape: Shape) -> Mask:
    """(N,) True for boxes that reach an edge of a picture of `shape`."""
    height, width = shape
    reach = np.maximum(TOLERANCE_SHARE * sides(boxes), TOLERANCE_PX)
    low = (boxes[:, :2] <= reach[:, None]).any(axis=1)
    far = np.array([width, height], dtype=np.float32)
    return np.asarray(low | (boxes[:, 2:] >= far - reach[:, None]).any(axis=1))


def whole_boxes(boxes: Boxes, shape: Shape) -> Mask:
    """(N,) True for boxes that have an area and that no edge of the picture cuts."""
    return ~touches_border(boxes, shape) & (areas(boxes) > 0)


def truncated_by_border(detections: Detections, shape: Shape, min_visible_share: float) -> Mask:
    """(N,) True for the detections of a container of which the picture shows too little.

    Args:
        detections: in px of the picture, cut at its edges.
        shape: (H, W) of the picture.
        min_visible_share: of the area that whole ones of their kind (plants, or empty pots) usually have at that
            place; what the border cuts down to less is truncated. 0 truncates nothing.

    Where fewer than MIN_EXAMPLES_COUNT whole ones of a kind stand in the container, none is: the size is unknown.
    """
    truncated = np.zeros(len(detections), dtype=np.bool_)
    if min_visible_share <= 0:
        return truncated
    whole = whole_boxes(detections.boxes, shape)
    is_empty = detections.classes == EMPTY
    for kind in (is_empty, ~is_empty):
        examples, cut = detections.boxes[whole & kind], np.flatnonzero(~whole & kind)
        if len(examples) < MIN_EXAMPLES_COUNT:
            continue
        boxes = detections.boxes[cut]
        truncated[cut] = areas(boxes) < min_visible_share * predict_areas(examples, boxes)
    return truncated
