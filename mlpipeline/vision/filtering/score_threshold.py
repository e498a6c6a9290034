"""The score from which a detection counts as a plant depends on what else the photo shows.

Low scores are mostly plants in a crowd, which hide each other, mostly leaves beside a few large plants, and mostly
grains of substrate in a box of empty pots. One threshold for all loses the plants of the one or invents plants in the
other. So each photo has a threshold of its own, from how many plants are confident and how many empty pots stand beside
them.
This is the one place where it is applied. The count's floor (`CountOptions.confidence`), below which the detect stage
keeps nothing, is another number: it bounds the work.
"""

from collections.abc import Sequence

import numpy as np

from mlpipeline.vision.arrays import Mask
from mlpipeline.vision.filtering.empty_pots import occupied_pots
from mlpipeline.vision.results import EMPTY, Detections
from mlpipeline.vision.thresholds import DetectionThresholds


def adaptive_score_threshold(detected: Sequence[Detections], thresholds: DetectionThresholds) -> float:
    """The score from which a detection of this photo counts as a plant, 0–1.

    Its log-odds are a sum: `base_log_odds`, because among few plants a low score is mostly a leaf of theirs;
    `crowd_log_odds` for each unit of the logarithm of the number of confident plants, because in a crowd it is a plant
    that others hide; and `emptiness_log_odds` times the square of the share of empty pots, because beds are rarely
    full. `max_adaptive_score` always counts: in a tray that is nearly sold out all the rest speaks against it.

    detected: the detections of each container.
    """
    seen = Detections.concat([part.select(~occupied_pots(part)) for part in detected])
    confident = int(np.count_nonzero(seen.plants.scores >= thresholds.min_confident_score))
    empty = int(np.count_nonzero(seen.empties.scores >= thresholds.min_confident_score))
    emptiness = (empty / (empty + confident + 1)) ** 2
    log_odds = (
        thresholds.base_log_odds
        + thresholds.crowd_log_odds * np.log(confident + 1)
        + thresholds.emptiness_log_odds * emptiness
    )
    return min(float(1 / (1 + np.exp(-log_odds))), thresholds.max_adaptive_score)


def below_threshold(detected: Sequence[Detections], thresholds: DetectionThresholds) -> list[Mask]:
    """For each container (N,) True for the plants, living or dead, whose score is too low to count in this photo."""
    threshold = adaptive_score_threshold(detected, thresholds)
    return [(seen.classes != EMPTY) & (seen.scores < threshold) for seen in detected]
