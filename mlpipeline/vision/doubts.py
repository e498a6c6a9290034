"""Doubts: how sure a detection must be to count as a plant depends on what else the photo shows.

A network's unsure detections are mostly plants in a bed of plants that it sees surely, and mostly crumbs of substrate
in a box of empty pots. One threshold for both loses the plants of the one or invents plants in the other. So each photo
has a threshold of its own, from the share of its plants that are sure and from how many empty pots stand beside them.
"""

from collections.abc import Sequence

import numpy as np

from .arrays import Mask
from .pots import without_planted_pots
from .results import EMPTY, ContainerFound, Detections

SURE_SCORE = 0.35  # from which a detection tells what the photo shows
# Log-odds of the least score, fitted by counting 986 held-out scenes of all kinds, 36 of them sown thinly. Against one
# threshold for all (0.17) the mean error of the plants detected, cut at 100 %, is 14 % instead of 38 % on small empty
# beds, 24 instead of 36 % on thin ones, 22 instead of 25 % on open ground, and 10 instead of 11 % on all others.
BASE = -2.1
TRUST = 0.2  # for each unit of the log-odds that a plant of this photo is a sure one
EMPTINESS = 3.0  # where all that is sure is an empty pot; grows with the square, for beds are rarely full
# Where the rest of the picture counts too, stones and weeds are in it.
NO_CONTAINER = 0.9
LEAST_WITHOUT_CONTAINER = 0.2
# What is seen that surely always counts: in a tray that is nearly sold out, or of a species that the weights hardly
# know, all the rest speaks against it.
BEYOND_DOUBT = 0.5


def least_score(found: Sequence[Detections], containers: Sequence[ContainerFound]) -> float:
    """The score from which a detection of this photo counts as a plant, 0–1.

    found: what was detected in each of the containers.
    """
    seen = Detections.concat([without_planted_pots(part) for part in found])
    plants = seen.plants.scores
    sure = int(np.count_nonzero(plants >= SURE_SCORE))
    empty = int(np.count_nonzero(seen.empties.scores >= SURE_SCORE))
    # Half a plant on either side: a photo of one plant proves little.
    trust = np.log((sure + 0.5) / (len(plants) - sure + 0.5))
    doubt = BASE - TRUST * trust + EMPTINESS * (empty / (empty + sure + 1)) ** 2
    is_all = any(part.is_assumed and part.type == "segment" for part in containers)
    least = 1 / (1 + np.exp(-doubt - (NO_CONTAINER if is_all else 0.0)))
    return min(max(float(least), LEAST_WITHOUT_CONTAINER if is_all else 0.0), BEYOND_DOUBT)


def doubted(found: Sequence[Detections], containers: Sequence[ContainerFound]) -> list[Mask]:
    """For each container (N,) True for the plants, living or dead, that are too unsure to count in this photo."""
    least = least_score(found, containers)
    return [(seen.classes != EMPTY) & (seen.scores < least) for seen in found]
