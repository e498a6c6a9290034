"""The arrays of the counting core: their types, and the checks at its edges.

One convention everywhere: pictures are (H, W, 3) uint8 RGB, `shape` is (H, W), boxes are xyxy float pixels with the
right and bottom edge excluded, polygons are (K, 2) x, y in pixels.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlpipeline.vision.errors import InvalidInput

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Boxes = NDArray[np.float32]
Polygon = NDArray[np.float32]
Floats = NDArray[np.float32]
Shape = tuple[int, int]
#: The shorter side of a picture to count: less than the smallest plant that weights are taught needs, and what a
#: network sees in a strip is its own padding (measured: 104 plants in noise of 4000 × 1 px).
MIN_SIDE_PX = 16


def check(condition: bool, message: str) -> None:
    """Raise InvalidInput with `message` unless the condition holds."""
    if not condition:
        raise InvalidInput(message)


def check_image(image: Image) -> None:
    """Raise InvalidInput unless the picture is (H, W, 3) uint8 with at least one pixel."""
    check(
        image.ndim == 3 and image.shape[2] == 3 and image.dtype == np.uint8,
        f"a picture is (H, W, 3) uint8, got {image.shape} {image.dtype}",
    )
    check(image.shape[0] > 0 and image.shape[1] > 0, f"a picture has pixels, got {image.shape}")


def check_is_countable(image: Image) -> None:
    """Raise InvalidInput unless the picture is large enough to show a plant."""
    check_image(image)
    height, width = image.shape[:2]
    check(
        min(height, width) >= MIN_SIDE_PX,
        f"a picture of {width} × {height} px shows no plants: either side has {MIN_SIDE_PX} px at least",
    )


def check_mask(mask: Mask) -> None:
    """Raise InvalidInput unless the mask is (H, W) bool."""
    check(mask.ndim == 2 and mask.dtype == np.bool_, f"a mask is (H, W) bool, got {mask.shape} {mask.dtype}")


def as_boxes(values: ArrayLike) -> Boxes:
    """Return (N, 4) float32 boxes; N may be 0.

    Raises: InvalidInput for another shape, for a number that is not finite, or where right < left or bottom < top.
    """
    boxes = np.asarray(values, dtype=np.float32)
    if boxes.size == 0:
        return np.zeros((0, 4), dtype=np.float32)
    check(boxes.ndim == 2 and boxes.shape[1] == 4, f"boxes are (N, 4), got {boxes.shape}")
    check(bool(np.isfinite(boxes).all()), "boxes hold finite numbers only")
    check(bool((boxes[:, 2:] >= boxes[:, :2]).all()), "a box ends right of and below where it begins")
    return boxes


def as_polygon(values: ArrayLike | Sequence[Sequence[float]]) -> Polygon:
    """Return a (K, 2) float32 polygon.

    Raises: InvalidInput for fewer than three points, another shape, or a number that is not finite.
    """
    polygon = np.asarray(values, dtype=np.float32)
    check(polygon.ndim == 2 and polygon.shape[1] == 2, f"a polygon is (K, 2), got {polygon.shape}")
    check(len(polygon) >= 3, f"a polygon has at least 3 points, got {len(polygon)}")
    check(bool(np.isfinite(polygon).all()), "polygons hold finite numbers only")
    return polygon


def shape_of(image: Image | Mask) -> Shape:
    """The (H, W) of a picture or mask."""
    return int(image.shape[0]), int(image.shape[1])
