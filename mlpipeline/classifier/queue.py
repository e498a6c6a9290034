"""Sending the tasks of the classifier. Messages are hints, sent once the rows are committed; a sweep repeats them."""

import logging
from collections.abc import Iterable
from typing import Final

from celery import current_app
from django.db import transaction
from django.utils import timezone

from demeter.broker import BrokerAway, reachable_broker
from mlpipeline.classifier.models import ClassifiedPicture, Prediction

CLASSIFY: Final = "classify_pictures"
UPLOAD: Final = "upload_classified"

logger = logging.getLogger(__name__)


def send_prediction(prediction: Prediction) -> None:
    """Have a prediction answered, and its picture stored."""
    pictures = [prediction.picture] if prediction.picture.staging_key else []
    send([prediction], pictures)


def send(predictions: Iterable[Prediction], pictures: Iterable[ClassifiedPicture]) -> None:
    """Send a message for each, once their rows are committed."""
    messages: list[tuple[str, str | int]] = [
        *((CLASSIFY, str(prediction.pk)) for prediction in predictions),
        *((UPLOAD, picture.pk) for picture in pictures),
    ]
    transaction.on_commit(lambda: _send(messages), robust=True)


def _send(messages: list[tuple[str, str | int]]) -> None:
    try:
        with reachable_broker():
            for name, row in messages:
                current_app.send_task(name, args=[row], retry=False)
    except BrokerAway as error:
        logger.warning("%s Left to the sweep: %d messages of the classifier", error, len(messages))
        return
    sent = [str(row) for name, row in messages if name == CLASSIFY]
    Prediction.objects.filter(pk__in=sent).update(sent_at=timezone.now())
