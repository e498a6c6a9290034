"""Deskewing: a picture whose boxes and trays are rotated is rotated back and segmented again.

Then the outline of a box and the rectangle that its mask is cut at agree, and it is oriented as most of the training
data. Of 123 rotated containers of held-out scenes 44 reached an IoU of .85 as they were, 97 after deskewing.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from mlpipeline.vision.arrays import Floats, Polygon, Shape
from mlpipeline.vision.results import Container

SMOOTHING = 0.02  # of a container's side: tolerance when its outline is reduced to sides
BORDER_SHARE = 0.01  # of the longer side: a side this near to the picture's border is where the picture ends
# Length of the mean direction of all sides, from 0 (all directions) to 1 (one): below it there is no common angle.
# Where rotation had spoilt nearly all outlines of an array, .09 and .17 were measured; upright ones have .9.
MIN_AGREEMENT = 0.08
# Degrees from which a picture is deskewed; then, from which the angle is corrected once more: outlines that rotation
# has spoilt give the angle only roughly.
MIN_TURNS_DEG = (8.0, 4.0)
MIN_SCORE_RATIO = 0.8  # of the sum of scores before deskewing: with less, the result is rejected


def segment_deskewed(
    segment_at: Callable[[float], list[Container]], shape: Shape, min_score: float
) -> tuple[list[Container], float]:
    """The containers of a picture of `shape`, segmented with boxes and trays upright, and the angle of that rotation.

    The picture is segmented three times at most.

    segment_at: the containers, outlines in pixels of the picture, when it is rotated back by an angle, in degrees
    clockwise; 0 is the picture as it is. min_score: 0–1, of containers that the angle is measured on.
    """
    found, angle_deg = segment_at(0.0), 0.0
    for min_turn_deg in MIN_TURNS_DEG:
        measured_deg = dominant_angle_deg([one for one in found if one.score >= min_score], shape)
        if _angle_difference_deg(measured_deg, angle_deg) < min_turn_deg:
            break
        again = segment_at(measured_deg)
        if _score_sum(again, min_score) < MIN_SCORE_RATIO * _score_sum(found, min_score):
            break
        found, angle_deg = again, measured_deg
    return found, angle_deg


def dominant_angle_deg(containers: Sequence[Container], shape: Shape) -> float:
    """Degrees, above −45 up to 45, by which the sides of boxes and trays are rotated clockwise against the picture.

    Directions that differ by a right angle are one, and a side counts by its squared length: corners that are cut
    off are short. 0 where there are no boxes, or no direction that they share.
    """
    boxes = [found.polygon for found in containers if found.type != "segment"]
    sides = [_own_sides(polygon, shape) for polygon in boxes]
    steps = np.concatenate([np.empty((0, 2), dtype=np.float32), *sides]).astype(np.float64)
    weights = (steps**2).sum(axis=1)
    if weights.sum() <= 0:
        return 0.0
    fourfold = np.exp(4j * np.arctan2(steps[:, 1], steps[:, 0]))
    mean = complex((weights * fourfold).sum() / weights.sum())
    if abs(mean) < MIN_AGREEMENT:
        return 0.0
    return float(np.degrees(np.angle(mean))) / 4


def _angle_difference_deg(first: float, second: float) -> float:
    """Degrees, 0–45, between two angles; a right angle is none."""
    difference = abs(first - second) % 90
    return min(difference, 90 - difference)


def _score_sum(found: Sequence[Container], min_score: float) -> float:
    return sum(one.score for one in found if one.score >= min_score)


def _own_sides(polygon: Polygon, shape: Shape) -> Floats:
    """(K, 2) steps along the sides of an outline's hull, without those along the picture's border."""
    hull = cv2.convexHull(polygon.reshape(-1, 1, 2))
    tolerance = SMOOTHING * float(np.sqrt(cv2.contourArea(hull)))
    corners = cv2.approxPolyDP(hull, tolerance, True).reshape(-1, 2).astype(np.float32)
    following = np.roll(corners, -1, axis=0)
    margin, limits = BORDER_SHARE * max(shape), np.array([shape[1], shape[0]], dtype=np.float32)
    starts_low, ends_low = corners <= margin, following <= margin
    starts_high, ends_high = corners >= limits - margin, following >= limits - margin
    along_border = ((starts_low & ends_low) | (starts_high & ends_high)).any(axis=1)
    return np.asarray((following - corners)[~along_border], dtype=np.float32)
