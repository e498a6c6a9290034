"""What stands around a detection and its crop does not show: rows of plants, or cells in which nothing grew.

A grain of perlite looks like a seedling, but it lies among hundreds that no stage is sure of. Source of the idea:
Torralba et al., *Context-based vision system for place and object recognition*, ICCV 2003.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Floats
from mlpipeline.vision.geometry.boxes import box_centers, longest_sides
from mlpipeline.vision.log_odds import log_odds
from mlpipeline.vision.rescoring import overlaps
from mlpipeline.vision.results import EMPTY, Detections

#: How many of the nearest: those that touch it, and the part of the bed around them.
NEIGHBOURS: Final = (8, 32)
GROUPS: Final = len(NEIGHBOURS) + 1  # the last: all in its container
FEATURES: Final = 4  # of each group
SCORE_FEATURES: Final = (0, 1)  # those that are scores
COLUMNS: Final = GROUPS * FEATURES + overlaps.FEATURES
#: Those that are scores.
SCORE_COLUMNS: Final = (
    *(FEATURES * place + feature for place in range(GROUPS) for feature in SCORE_FEATURES),
    *(GROUPS * FEATURES + feature for feature in overlaps.SCORE_FEATURES),
)
HIGH: Final = 0.9  # quantile: the highest of hundreds may be a mistake
OTHER_SCORE: Final = 0.1  # at most, what the first stage leaves to the classes that it does not name
MIN_SCORE: Final = 0.005  # below it, and above 1 − it, a score says no more
_KD_TREE: Final = 4  # of FLANN's algorithms: an exact one
_ALL_LEAVES: Final = -1


def plant_scores(detections: Detections) -> Floats:
    """(N,) how sure the first stage is that each is a plant, living or dead."""
    scores = detections.scores
    return np.where(detections.classes == EMPTY, np.minimum(scores, OTHER_SCORE), scores).astype(np.float32)


def neighbourhoods(detections: Detections, min_score: float) -> Floats:
    """(N, COLUMNS) what stands around each of the N detections of one container; zeros where nothing does.

    Of its 8 nearest, of its 32 nearest, and of all in its container: half the log-odds of being a plant, their mean and
    their ninth decile; the share of empty pots; and by how much it is larger than they, as the difference of the
    logarithms of the longer sides. Then how its box lies among all others, see `overlaps`.

    min_score: what scores less is no neighbour, though it has a neighbourhood and overlaps with others.
    """
    odds = log_odds(plant_scores(detections), MIN_SCORE) / 2
    around = _around(detections, odds, np.flatnonzero(detections.scores >= min_score))
    return np.concatenate([around, overlaps.overlaps(detections, odds)], axis=1)


def _around(detections: Detections, odds: NDArray[np.float64], others: NDArray[np.intp]) -> Floats:
    """(N, GROUPS × FEATURES) what is told of the neighbours of each, which are some of `others`."""
    if len(others) < 2:
        return np.zeros((len(detections), GROUPS * FEATURES), dtype=np.float32)
    near = _nearest(detections, others)
    pots = (detections.classes == EMPTY).astype(np.float64)
    sizes = np.log(longest_sides(detections.boxes).clip(min=1))
    columns: list[NDArray[np.float64]] = []
    for group in (*(near[:, :count] for count in NEIGHBOURS), others[None]):
        told = (
            odds[group].mean(axis=1),
            np.quantile(odds[group], HIGH, axis=1),
            pots[group].mean(axis=1),
            sizes - sizes[group].mean(axis=1),
        )
        columns += [np.broadcast_to(column, len(detections)) for column in told]
    return np.column_stack(columns).astype(np.float32)


def _nearest(detections: Detections, others: NDArray[np.intp]) -> NDArray[np.intp]:
    """(N, K) indices of those `others` that are nearest to each, the nearest first; K is the most there can be."""
    wanted = min(NEIGHBOURS[-1] + 1, len(others))
    middles = np.ascontiguousarray(box_centers(detections.boxes), dtype=np.float32)
    tree = cv2.flann.Index(middles[others], {"algorithm": _KD_TREE})
    places, _distances = tree.knnSearch(middles, wanted, params={"checks": _ALL_LEAVES})
    near = others[places]
    own = near == np.arange(len(detections))[:, None]
    own[~own.any(axis=1), -1] = True  # it is no neighbour itself: the farthest of the others is left out
    return np.asarray(near[~own].reshape(len(detections), wanted - 1))
