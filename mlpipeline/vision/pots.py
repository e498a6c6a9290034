"""Pots: an `empty` detection in which a plant was seen as well is that plant's pot."""

import math

import numpy as np

from .arrays import Boxes, Mask
from .boxes import centres, iou_pairs
from .results import EMPTY, Detections

PLANTED_IOU = 0.3  # a pot that a plant covers by this is that plant's pot
POTS_AT_ONCE = 256  # rows of the table of pots and plants that is held in memory


def planted_pots(detections: Detections) -> Mask:
    """(N,) True for `empty` detections in which a detected plant stands: the detector saw the pot beside it.

    A plant stands in a pot if their boxes overlap, or if its middle lies in the middle half of the pot.
    """
    planted = np.zeros(len(detections), dtype=np.bool_)
    pots = np.flatnonzero(detections.classes == EMPTY)
    plants = detections.plants
    if len(pots) and len(plants):
        for some in np.array_split(pots, math.ceil(len(pots) / POTS_AT_ONCE)):
            planted[some] = _are_planted(detections.boxes[some], plants.boxes)
    return planted


def without_planted_pots(detections: Detections) -> Detections:
    """The detections without `planted_pots`."""
    planted = planted_pots(detections)
    return detections.select(~planted) if planted.any() else detections


def _are_planted(pots: Boxes, plants: Boxes) -> Mask:
    """(N,) True for the pots, (N, 4) boxes, in which one of the plants, (M, 4) boxes, stands."""
    x0, y0, x1, y1 = plants.T
    left, top, right, bottom = pots[:, :, None].transpose(1, 0, 2)
    pot, plant = np.nonzero((x0 < right) & (x1 > left) & (y0 < bottom) & (y1 > top))
    quarter = (pots[:, 2:] - pots[:, :2]) / 4
    middles = centres(plants)[plant]
    within = (middles >= (pots[:, :2] + quarter)[pot]) & (middles <= (pots[:, 2:] - quarter)[pot])
    overlaps = iou_pairs(pots[pot], plants[plant]) >= PLANTED_IOU
    planted = np.zeros(len(pots), dtype=np.bool_)
    planted[pot[within.all(axis=1) | overlaps]] = True
    return planted
