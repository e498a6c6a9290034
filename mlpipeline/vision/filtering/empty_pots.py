"""An `empty` detection in which a plant was detected too is that plant's pot, not an empty one."""

import math

import numpy as np

from mlpipeline.vision.arrays import Boxes, Mask
from mlpipeline.vision.geometry.boxes import box_centers, iou_pairs
from mlpipeline.vision.results import EMPTY, Detections

MIN_OCCUPIED_IOU = 0.3  # of a pot and a plant: from here on the plant stands in it
POT_CHUNK = 256  # rows of the table of pots and plants that is held in memory


def occupied_pots(detections: Detections) -> Mask:
    """(N,) True for `empty` detections in which a detected plant stands: the detector answered with both.

    A plant stands in a pot if their boxes overlap, or if its middle lies in the middle half of the pot.
    """
    occupied = np.zeros(len(detections), dtype=np.bool_)
    pots = np.flatnonzero(detections.classes == EMPTY)
    plants = detections.plants
    if len(pots) and len(plants):
        for some in np.array_split(pots, math.ceil(len(pots) / POT_CHUNK)):
            occupied[some] = _are_occupied(detections.boxes[some], plants.boxes)
    return occupied


def _are_occupied(pots: Boxes, plants: Boxes) -> Mask:
    """(N,) True for the pots, (N, 4) boxes, in which one of the plants, (M, 4) boxes, stands."""
    x0, y0, x1, y1 = plants.T
    left, top, right, bottom = pots[:, :, None].transpose(1, 0, 2)
    pot, plant = np.nonzero((x0 < right) & (x1 > left) & (y0 < bottom) & (y1 > top))
    quarter = (pots[:, 2:] - pots[:, :2]) / 4
    middles = box_centers(plants)[plant]
    within = (middles >= (pots[:, :2] + quarter)[pot]) & (middles <= (pots[:, 2:] - quarter)[pot])
    overlaps = iou_pairs(pots[pot], plants[plant]) >= MIN_OCCUPIED_IOU
    occupied = np.zeros(len(pots), dtype=np.bool_)
    occupied[pot[within.all(axis=1) | overlaps]] = True
    return occupied
