"""The score from which a detection counts as a plant depends on what else the photo shows.

Low scores are mostly plants in a crowd, which hide each other, mostly leaves beside a few large plants, and mostly
crumbs of substrate in a box of empty pots. One threshold for all loses the plants of the one or invents plants in the
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

MIN_CONFIDENT_SCORE = 0.35  # from which a detection tells what the photo shows
# Log-odds of the threshold, chosen by counting 70 rendered scenes of fresh seeds and rounded: the error is flat around
# it. Among 3 plants the threshold is .37, among 30 .26, among 300 .17.
BASE = -0.2  # among few plants a low score is mostly a leaf of theirs
# For each unit of the logarithm of the number of confident plants: in a crowd a low score is a plant that others hide.
CROWD = -0.25
EMPTINESS = (
    2.0  # where all that is confident is an empty pot; grows with the square, for beds are rarely full
)
# A score that always counts: in a tray that is nearly sold out all the rest speaks against it.
MAX_THRESHOLD = 0.5


def adaptive_score_threshold(detected: Sequence[Detections]) -> float:
    """The score from which a detection of this photo counts as a plant, 0–1.

    detected: what was detected in each container that was looked into.
    """
    seen = Detections.concat([part.select(~occupied_pots(part)) for part in detected])
    confident = int(np.count_nonzero(seen.plants.scores >= MIN_CONFIDENT_SCORE))
    empty = int(np.count_nonzero(seen.empties.scores >= MIN_CONFIDENT_SCORE))
    emptiness = (empty / (empty + confident + 1)) ** 2
    log_odds = BASE + CROWD * np.log(confident + 1) + EMPTINESS * emptiness
    return min(float(1 / (1 + np.exp(-log_odds))), MAX_THRESHOLD)


def below_threshold(detected: Sequence[Detections]) -> list[Mask]:
    """For each container (N,) True for the plants, living or dead, whose score is too low to count in this photo."""
    threshold = adaptive_score_threshold(detected)
    return [(seen.classes != EMPTY) & (seen.scores < threshold) for seen in detected]
