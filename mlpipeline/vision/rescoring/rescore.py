"""What the second stage makes of detections that the first one is not sure of: another score, perhaps another class.

Both stages have a say: their probabilities are averaged as log-odds, because each sees what the other does not (the
first one the row of plants, the second one the plant at its full size); the second one weighs more. Of a plant that
the first stage is sure of the second one is not asked. Source: Cheng et al., *Revisiting RCNN*, ECCV 2018: the
classifier of the second stage is one of its own, and the scores of both are multiplied.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Floats, Image, Mask
from mlpipeline.vision.errors import DetectorFault, model_to_blame
from mlpipeline.vision.log_odds import log_odds, probabilities_of
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.protocols import Rescorer
from mlpipeline.vision.rescoring.crops import cut_crops
from mlpipeline.vision.rescoring.neighbourhoods import OTHER_SCORE, neighbourhoods, plant_scores
from mlpipeline.vision.results import CLASS_NAMES, DEAD, EMPTY, PLANT, Detections

MAX_ASKED_SCORE = 0.6  # of a plant in the first stage: the second one is asked about those below it
#: In the mean of both. Alone the second stage counts rendered pots better, and leaves of real ones as plants.
SECOND_STAGE_WEIGHT = 0.6
MIN_SCORE = 1e-3  # a score below it, or above 1 − it, would outvote the other stage whatever that says
_TOLERANCE = 1e-3  # of the sum of probabilities: they come in f32


def is_unsure(detections: Detections, max_score: float = MAX_ASKED_SCORE) -> Mask:
    """(N,) True for what the second stage is asked about: plants below `max_score`, and all empty pots."""
    return np.asarray((detections.classes == EMPTY) | (detections.scores < max_score))


def rescore(
    image: Image, detected: Sequence[Detections], rescorer: Rescorer, options: CountOptions
) -> list[Detections]:
    """Each set of detections with what both stages say of them, rounded.

    Raises DetectorFault for another answer than the protocol's.
    """
    everything = Detections.concat(detected)
    asked = is_unsure(everything)
    if not asked.any():
        return list(detected)
    unsure = everything.select(asked)
    crops = cut_crops(image, unsure.boxes, rescorer.crop_px, rescorer.contexts)
    with model_to_blame():
        around = np.concatenate([neighbourhoods(part, options.confidence) for part in detected])
        probabilities = rescorer.classify(crops, unsure, around[asked])
    _check_answer(probabilities, len(unsure))
    scores, classes = everything.scores.copy(), everything.classes.copy()
    scores[asked], classes[asked] = pooled(unsure, probabilities)
    ends = np.cumsum([len(part) for part in detected])[:-1]
    parts = zip(detected, np.split(scores, ends), np.split(classes, ends), strict=True)
    return [Detections(part.boxes, own, ids, part.warnings).rounded() for part, own, ids in parts]


def pooled(detections: Detections, probabilities: Floats) -> tuple[Floats, NDArray[np.int16]]:
    """(N,) scores and (N,) class ids of N detections, with (N, 4) probabilities of CLASS_NAMES and of none of them.

    The score of a plant, living or dead, is that of its being a plant; whether it is alive the second stage decides.
    """
    other = np.minimum(detections.scores, OTHER_SCORE)
    living, dead, empty = (probabilities[:, index] for index in (PLANT, DEAD, EMPTY))
    plant = _pool(plant_scores(detections), living + dead)
    pot = _pool(np.where(detections.classes == EMPTY, detections.scores, other), empty)
    classes = np.where(pot > plant, EMPTY, np.where(dead > living, DEAD, PLANT))
    return np.maximum(plant, pot).astype(np.float32), classes.astype(np.int16)


def _pool(first: Floats, second: Floats) -> Floats:
    """The probability whose log-odds are the weighted mean of those of two stages."""
    odds = (log_odds(first, MIN_SCORE), log_odds(second, MIN_SCORE))
    mean = (1 - SECOND_STAGE_WEIGHT) * odds[0] + SECOND_STAGE_WEIGHT * odds[1]
    return probabilities_of(mean).astype(np.float32)


def _check_answer(probabilities: object, count: int) -> None:
    shape = (count, len(CLASS_NAMES) + 1)
    if not isinstance(probabilities, np.ndarray) or probabilities.shape != shape:
        raise DetectorFault(f"{count} crops get {shape} probabilities, got {probabilities!r:.100}")
    if not np.abs(probabilities.sum(axis=1) - 1).max() < _TOLERANCE or probabilities.min() < -_TOLERANCE:
        raise DetectorFault("the probabilities of a crop are not negative and add up to 1")
