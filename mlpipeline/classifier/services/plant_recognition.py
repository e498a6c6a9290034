"""What some plants of a photo look like to the nursery's own classifier, where it has one."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image as Picture

from demeter.errors import DemeterError
from mlpipeline.classifier.networks.choosing import load_own_classifier
from mlpipeline.classifier.networks.protocols import Answer, Inputs
from mlpipeline.classifier.picture_files import INPUT_PX
from mlpipeline.classifier.services.samples import products_by_label
from mlpipeline.vision.arrays import Image as RgbArray
from mlpipeline.vision.results import PLANT, Detections
from photos.services.context.recognition import Recognition, SeenProduct

PLANTS_A_STEP: Final = 8  # a batch of the network: a quarter of a second of one core
_AROUND: Final = 1.2  # side of what is cut out, of the longer side of the plant: samples show some ground too
# A file that is no model, memory that is full, a library that fails or is not there.
_FAULTS: Final = (DemeterError, RuntimeError, MemoryError, OSError, ImportError)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PlantAnswers:
    """Answers by container and index of the plant in it, and the model that gave them."""

    model_version: str
    labels: tuple[str, ...]
    answers: Mapping[int, Mapping[int, Answer]]


def recognise_plants(image: RgbArray, detected: Mapping[int, Detections]) -> PlantAnswers | None:
    """Show the surest living plants of each container to the nursery's own classifier. None where there is none.

    Touches no rows, so it may run in any thread. A classifier that cannot be read or run is logged: the count goes on.
    """
    chosen = _surest(detected)
    try:
        classifier = load_own_classifier() if chosen else None
        if classifier is None:
            return None
        answers = classifier.classify(_crops(image, detected, chosen))
    except _FAULTS:
        logger.exception("No plant is recognised.")
        return None
    by_container: dict[int, dict[int, Answer]] = {}
    for (position, index), answer in zip(chosen, answers, strict=True):
        by_container.setdefault(position, {})[index] = answer
    return PlantAnswers(f"{classifier.name} {classifier.sha256[:12]}", tuple(classifier.labels), by_container)


def recognition_of(plants: PlantAnswers) -> Recognition:
    """The answers with the products that their labels stand for; a label of no product in use says nothing."""
    products = products_by_label()
    return Recognition(
        model_version=plants.model_version,
        known=tuple(products[label] for label in plants.labels if label in products),
        seen={
            position: {
                index: SeenProduct(products[answer.label], round(100 * answer.score))
                for index, answer in answers.items()
                if answer.label in products
            }
            for position, answers in plants.answers.items()
        },
    )


def _surest(detected: Mapping[int, Detections]) -> list[tuple[int, int]]:
    """(container, index) of PLANTS_A_STEP living plants at most, of each container its share."""
    living = {position: np.flatnonzero(seen.classes == PLANT) for position, seen in detected.items()}
    filled = {position: indices for position, indices in living.items() if len(indices)}
    share = max(1, PLANTS_A_STEP // max(1, len(filled)))
    return [
        (position, int(index))
        for position, indices in filled.items()
        for index in indices[np.argsort(-detected[position].scores[indices], kind="stable")][:share]
    ][:PLANTS_A_STEP]


def _crops(image: RgbArray, detected: Mapping[int, Detections], chosen: list[tuple[int, int]]) -> Inputs:
    """A square around each plant, as far as the photo goes, (N, 224, 224, 3)."""
    height, width = image.shape[:2]
    crops = np.empty((len(chosen), INPUT_PX, INPUT_PX, 3), dtype=np.uint8)
    for number, (position, index) in enumerate(chosen):
        x0, y0, x1, y1 = (float(side) for side in detected[position].boxes[index])
        half = max(x1 - x0, y1 - y0) * _AROUND / 2
        left, top = max(0, int((x0 + x1) / 2 - half)), max(0, int((y0 + y1) / 2 - half))
        right = min(width, max(left + 1, round((x0 + x1) / 2 + half)))
        bottom = min(height, max(top + 1, round((y0 + y1) / 2 + half)))
        cut = Picture.fromarray(np.ascontiguousarray(image[top:bottom, left:right]))
        crops[number] = np.asarray(cut.resize((INPUT_PX, INPUT_PX), Picture.Resampling.BILINEAR))
    return crops
