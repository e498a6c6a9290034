"""Masks: from polygons and boxes to pixels and back."""

from dataclasses import dataclass

import cv2
import numpy as np

from mlpipeline.vision.arrays import Boxes, Mask, Polygon, Shape, check
from mlpipeline.vision.geometry.morphology import disc_kernel, open_with_disc

LARGE_DISC_PX = 6  # radius from which `open_with_disc` is quicker: 1 ms instead of 47 at 45 px


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A mask that keeps only its own rectangle of the picture: pixel (0, 0) of `mask` is (x0, y0) of the picture."""

    x0: int
    y0: int
    mask: Mask

    @property
    def x1(self) -> int:
        """The right edge, excluded, in px of the picture."""
        return self.x0 + int(self.mask.shape[1])

    @property
    def y1(self) -> int:
        """The bottom edge, excluded, in px of the picture."""
        return self.y0 + int(self.mask.shape[0])

    @property
    def area_px(self) -> int:
        """Pixels that belong to the region."""
        return int(np.count_nonzero(self.mask))

    @property
    def is_empty(self) -> bool:
        """Whether no pixel belongs to it."""
        return not self.mask.any()

    def to_full_mask(self, shape: Shape) -> Mask:
        """The mask over a whole picture of `shape`."""
        full = np.zeros(shape, dtype=np.bool_)
        full[self.y0 : self.y1, self.x0 : self.x1] = self.mask
        return full

    def cropped(self) -> "Region":
        """The same pixels in the smallest rectangle that holds them; an empty region keeps none."""
        if not self.mask.size:
            return Region(self.x0, self.y0, np.zeros((0, 0), dtype=np.bool_))
        x, y, width, height = cv2.boundingRect(self.mask.view(np.uint8))
        return Region(self.x0 + x, self.y0 + y, self.mask[y : y + height, x : x + width])


def polygon_region(polygon: Polygon, shape: Shape) -> Region:
    """The pixels of a picture of `shape` that lie in a polygon; an empty region where the two do not meet."""
    height, width = shape
    low = np.clip(np.floor(polygon.min(axis=0)), 0, [width, height]).astype(int)
    high = np.clip(np.ceil(polygon.max(axis=0)), 0, [width, height]).astype(int)
    (x0, y0), (x1, y1) = low.tolist(), high.tolist()
    if x1 <= x0 or y1 <= y0:
        return Region(x0, y0, np.zeros((0, 0), dtype=np.bool_))
    return Region(x0, y0, rasterise(polygon, (x0, y0, x1, y1)))


def rasterise(polygon: Polygon, window: tuple[int, int, int, int]) -> Mask:
    """The pixels of the window (x0, y0, x1, y1) whose middle lies in the polygon, or on its outline."""
    x0, y0, x1, y1 = window
    canvas = np.zeros((y1 - y0, x1 - x0), dtype=np.uint8)
    # fillPoly takes integer points at pixel middles: the middle of pixel 0 is 0.5, so half a pixel is taken off, and
    # `shift` keeps the fraction (1/16 px). Points far outside would overflow its fixed-point numbers.
    points = np.clip(polygon - np.array([x0, y0], dtype=np.float32) - 0.5, -1e5, 1e5)
    cv2.fillPoly(canvas, [np.rint(points * 16).astype(np.int32)], 1, shift=4)
    return canvas.view(np.bool_)  # zeros and ones already


def subtract_region(region: Region, other: Region) -> Region:
    """The pixels of a region that are not in another one."""
    x0, y0 = max(region.x0, other.x0), max(region.y0, other.y0)
    x1, y1 = min(region.x1, other.x1), min(region.y1, other.y1)
    if x0 >= x1 or y0 >= y1:
        return region
    mask = region.mask.copy()
    taken = other.mask[y0 - other.y0 : y1 - other.y0, x0 - other.x0 : x1 - other.x0]
    mask[y0 - region.y0 : y1 - region.y0, x0 - region.x0 : x1 - region.x0] &= ~taken
    return Region(region.x0, region.y0, mask)


def region_iou(first: Region, second: Region) -> float:
    """Intersection over union of two regions of one picture; 0 where both are empty."""
    common = first.area_px - subtract_region(first, second).area_px
    union = first.area_px + second.area_px - common
    return common / union if union else 0.0


def ellipse_mask(boxes: Boxes, shape: Shape, share: float = 1.0) -> Mask:
    """The union of the ellipses inscribed in boxes, their axes multiplied by `share` in (0, 1].

    An inscribed ellipse covers π/4 of its box. The origin's circle of radius .85 × the longer side covered 2.3 times
    the box and hid its neighbours, so the ellipse never reaches past its box.
    """
    check(0 < share <= 1, f"an ellipse stays inside its box, got share {share}")
    canvas = np.zeros(shape, dtype=np.uint8)
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2 - 0.5
    halves = np.maximum((boxes[:, 2:] - boxes[:, :2]) / 2 * share - 0.5, 0)
    centres = np.rint(np.clip(middles, -1e5, 1e5) * 16).astype(int).tolist()
    axes = np.rint(np.clip(halves, 0, 1e5) * 16).astype(int).tolist()
    for (x, y), (a, b) in zip(centres, axes, strict=True):
        cv2.ellipse(canvas, (x, y), (a, b), 0, 0, 360, 1, -1, cv2.LINE_8, 4)
    return canvas.astype(np.bool_)


def morphological_open(mask: Mask, radius_px: float) -> Mask:
    """The mask without what a disc of this radius does not fit into; a radius below half a pixel changes nothing."""
    radius = round(radius_px)
    if radius < 1 or not mask.size:
        return mask
    if radius >= LARGE_DISC_PX:
        return open_with_disc(mask, radius)
    # Outside the picture counts as empty when eroding, or strips along its edge would survive any radius.
    padded = cv2.copyMakeBorder(
        mask.astype(np.uint8), radius, radius, radius, radius, cv2.BORDER_CONSTANT, value=0
    )
    result = cv2.morphologyEx(padded, cv2.MORPH_OPEN, disc_kernel(radius))
    return np.asarray(result[radius:-radius, radius:-radius], dtype=np.bool_)


def mask_contours(
    mask: Mask, origin: tuple[float, float] = (0, 0), scale: float = 1.0
) -> tuple[Polygon, ...]:
    """The rings around the pieces of a mask, outer borders and holes, in the frame of `origin` (x, y).

    `scale` is picture pixels per mask pixel. Rings of fewer than three points (single pixels, lines) are left out.
    """
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    rings = [cv2.approxPolyDP(contour, 1.0, True).reshape(-1, 2) for contour in contours]
    offset = np.asarray(origin, dtype=np.float32)
    return tuple(
        ((ring.astype(np.float32) + 0.5) * np.float32(scale) + offset).astype(np.float32)
        for ring in rings
        if len(ring) >= 3
    )
