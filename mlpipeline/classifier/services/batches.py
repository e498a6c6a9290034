"""Taking waiting predictions to answer them together, and writing the answers: what a model worker does."""

import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from mlpipeline.classifier.choices import PredictionStatus
from mlpipeline.classifier.models import Prediction

LEASE: Final = timedelta(seconds=20)  # a claim that is not renewed for this long expires
_LOOK_EVERY_S: Final = 0.05

logger = logging.getLogger(__name__)


def batch_size() -> int:
    """The most predictions that are answered together: BATCH_SIZE, or 1 without ENABLE_BATCH."""
    return settings.BATCH_SIZE if settings.ENABLE_BATCH else 1


def wait_for_companions(prediction_id: UUID) -> None:
    """Return when BATCH_SIZE predictions wait, or this one has waited for BATCH_TIMEOUT, or waits no more."""
    if not settings.ENABLE_BATCH:
        return
    asked = Prediction.objects.filter(pk=prediction_id).values_list("created_at", flat=True).first()
    if asked is None:
        return
    until = asked + timedelta(seconds=settings.BATCH_TIMEOUT)
    while (now := timezone.now()) < until:
        waiting = list(Prediction.objects.claimable(now).values_list("pk", flat=True)[: settings.BATCH_SIZE])
        if len(waiting) >= settings.BATCH_SIZE or not waiting:
            return
        time.sleep(min(_LOOK_EVERY_S, (until - now).total_seconds()))


def claim_batch() -> list[Prediction]:
    """Take the longest waiting predictions, up to BATCH_SIZE; none if none waits.

    One that a worker was lost with is taken alone: it may have been the reason.
    """
    now, claim = timezone.now(), uuid4()
    if not Prediction.objects.claimable(now).exists():
        return []  # asked before each step of a photo: no lock is taken for nothing
    with transaction.atomic():
        waiting = Prediction.objects.claimable(now).select_related("picture")
        if connection.features.has_select_for_update_skip_locked:  # two workers then choose different ones
            waiting = waiting.select_for_update(skip_locked=True, of=("self",))
        chosen = list(waiting[: batch_size()])
        if any(prediction.claim is not None for prediction in chosen):
            chosen = [next(prediction for prediction in chosen if prediction.claim is not None)]
        Prediction.objects.filter(pk__in=[prediction.pk for prediction in chosen]).update(
            claim=claim, claimed_until=now + LEASE
        )
    for prediction in chosen:
        prediction.claim = claim
    return chosen


def renew_claim(predictions: Sequence[Prediction]) -> None:
    """Hold claimed predictions for another LEASE."""
    for claim in {prediction.claim for prediction in predictions}:
        Prediction.objects.filter(claim=claim, status=PredictionStatus.PENDING).update(
            claimed_until=timezone.now() + LEASE
        )


def save_answer(
    prediction: Prediction, *, label: str, score: float, model_name: str, model_sha256: str
) -> bool:
    """Write what a picture shows. False if another worker holds the prediction, or its time was up."""
    return _end(
        prediction,
        status=PredictionStatus.ANSWERED,
        label=label,
        score=score,
        model_name=model_name,
        model_sha256=model_sha256,
    )


def save_failure(prediction: Prediction, code: str) -> bool:
    """Write why there is no answer. False as with `save_answer`."""
    return _end(prediction, status=PredictionStatus.FAILED, error_code=code)


def _end(prediction: Prediction, **fields: object) -> bool:
    held = Prediction.objects.filter(
        pk=prediction.pk, claim=prediction.claim, status=PredictionStatus.PENDING
    )
    is_written = bool(held.update(**fields, answered_at=timezone.now()))
    if not is_written:
        logger.info("Prediction %s is not this worker's any more; its answer is dropped.", prediction.pk)
    return is_written
