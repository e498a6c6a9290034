"""The score from which a detection counts as a plant depends on what else the photo shows.

Low scores are mostly plants in a bed of plants with high scores, and mostly crumbs of substrate in a box of empty pots.
One threshold for both loses the plants of the one or invents plants in the other. So each photo has a threshold of its
own, from the share of its plants that are confident and from how many empty pots stand beside them.
This is the one place where it is applied. The count's floor (`CountOptions.confidence`), below which the detect stage
keeps nothing, is another number: it bounds the work.
"""

from collections.abc import Sequence

import numpy as np

from mlpipeline.vision.arrays import Mask
from mlpipeline.vision.filtering.empty_pots import occupied_pots
from mlpipeline.vision.results import EMPTY, ContainerFound, Detections, is_whole_picture_counted

MIN_SCORE_EVIDENCE = 0.35  # from which a detection tells what the photo shows
# Log-odds of the least score, fitted by counting 986 held-out scenes of all kinds, 36 of them sown thinly. Against one
# threshold for all (0.17) the mean error of the plants detected, cut at 100 %, is 14 % instead of 38 % on small empty
# beds, 24 instead of 36 % on thin ones, 22 instead of 25 % on open ground, and 10 instead of 11 % on all others.
BASE = -2.1
TRUST = 0.2  # for each unit of the log-odds that a plant of this photo is a confident one
EMPTINESS = (
    3.0  # where all that is confident is an empty pot; grows with the square, for beds are rarely full
)
# Where the rest of the picture counts too, stones and weeds are in it.
NO_CONTAINER = 0.9
MIN_WITHOUT_CONTAINER = 0.2
# A score that always counts: in a tray that is nearly sold out, or of a species that the weights hardly know, all the
# rest speaks against it.
MAX_THRESHOLD = 0.5


def adaptive_score_threshold(detected: Sequence[Detections], containers: Sequence[ContainerFound]) -> float:
    """The score from which a detection of this photo counts as a plant, 0–1.

    detected: what was detected in each container that was looked into. containers: all of the photo.
    """
    seen = Detections.concat([part.select(~occupied_pots(part)) for part in detected])
    plants = seen.plants.scores
    confident = int(np.count_nonzero(plants >= MIN_SCORE_EVIDENCE))
    empty = int(np.count_nonzero(seen.empties.scores >= MIN_SCORE_EVIDENCE))
    # Half a plant on either side: a photo of one plant proves little.
    trust = np.log((confident + 0.5) / (len(plants) - confident + 0.5))
    doubt = BASE - TRUST * trust + EMPTINESS * (empty / (empty + confident + 1)) ** 2
    is_all = is_whole_picture_counted(containers)
    least = 1 / (1 + np.exp(-doubt - (NO_CONTAINER if is_all else 0.0)))
    return min(max(float(least), MIN_WITHOUT_CONTAINER if is_all else 0.0), MAX_THRESHOLD)


def below_threshold(detected: Sequence[Detections], containers: Sequence[ContainerFound]) -> list[Mask]:
    """For each container (N,) True for the plants, living or dead, whose score is too low to count in this photo."""
    threshold = adaptive_score_threshold(detected, containers)
    return [(seen.classes != EMPTY) & (seen.scores < threshold) for seen in detected]
