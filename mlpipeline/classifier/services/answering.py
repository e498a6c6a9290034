"""Answering the predictions that wait: read the pictures, ask the classifier once for all, write the answers."""

import logging
import time
from typing import Final

import numpy as np

from demeter.errors import DemeterError
from mlpipeline.classifier.models import Prediction
from mlpipeline.classifier.networks.choosing import load_classifier
from mlpipeline.classifier.networks.protocols import Inputs
from mlpipeline.classifier.picture_files import read_input
from mlpipeline.classifier.services.batches import claim_batch, renew_claim, save_answer, save_failure
from mlpipeline.classifier.services.pictures import note_missing
from mlpipeline.classifier.services.predictions import INTERNAL
from mlpipeline.models import ModelKind, ModelVersion
from photos import storage
from photos.errors import OriginalMissing

# Ten batches where a batch takes a tenth of a second. The first one, which loads the model, may take longer.
WORKED_S: Final = 1.0
_RENEW_EVERY_S: Final = 5.0

logger = logging.getLogger(__name__)


def answer_waiting() -> int:
    """Answer waiting predictions, batch by batch, until none is left or WORKED_S have passed. How many were answered.

    More may come for ever. Those that are left have messages of their own, and photos wait between these.
    """
    answered = 0
    until = time.monotonic() + WORKED_S
    while batch := claim_batch():
        answered += _answer(batch)
        if time.monotonic() >= until:
            break
    return answered


def _answer(batch: list[Prediction]) -> int:
    try:
        readable, pictures = _read(batch)
        if not readable:
            return 0
        renew_claim(readable)
        classifier = load_classifier()
        answers = classifier.classify(np.stack(pictures))
    except Exception as error:
        code = error.code if isinstance(error, DemeterError) else INTERNAL
        logger.exception("%d predictions cannot be answered", len(batch))
        for prediction in batch:  # those that have ended already stay as they are
            save_failure(prediction, code)
        return 0
    ModelVersion.objects.get_or_create(
        sha256=classifier.sha256, defaults={"kind": ModelKind.CLASSIFICATION, "name": classifier.name}
    )
    return sum(
        save_answer(
            prediction,
            label=answer.label,
            score=answer.score,
            model_name=classifier.name,
            model_sha256=classifier.sha256,
        )
        for prediction, answer in zip(readable, answers, strict=True)
    )


def _read(batch: list[Prediction]) -> tuple[list[Prediction], list[Inputs]]:
    """The predictions whose pictures can be read, and what the network sees of those. The others have failed then."""
    readable, pictures = [], []
    renewed_at = time.monotonic()
    for prediction in batch:
        if time.monotonic() - renewed_at > _RENEW_EVERY_S:
            renew_claim(batch)
            renewed_at = time.monotonic()
        picture = prediction.picture
        key = storage.classified_key(picture.file_name)
        try:
            with storage.open_staged_or_stored(picture.sha256, picture.staging_key, key) as path:
                pictures.append(read_input(path))
        except DemeterError as refusal:
            logger.info("Picture %s cannot be read: %s", picture.file_name, refusal.code)
            save_failure(prediction, refusal.code)
            if isinstance(refusal, OriginalMissing):
                note_missing(picture)
        else:
            readable.append(prediction)
    return readable, pictures
