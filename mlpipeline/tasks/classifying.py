"""The task that answers predictions, and those that keep their pictures and clear what is old."""

import logging
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from mlpipeline.classifier import queue
from mlpipeline.classifier.models import ClassifiedPicture, Prediction
from mlpipeline.classifier.services import pictures, predictions
from mlpipeline.classifier.services.answering import answer_waiting
from mlpipeline.classifier.services.batches import wait_for_companions
from photos.errors import OriginalMissing, StoreUnavailable

logger = logging.getLogger(__name__)


@shared_task(name="classify_pictures", ignore_result=True)
def classify_pictures(prediction_id: str) -> int:
    """Answer a prediction together with others that wait. Its message may come twice, late or never."""
    wait_for_companions(UUID(prediction_id))
    return answer_waiting()


def answer_predictions_first() -> None:
    """Answer what waits before a step of a photo begins: that takes a second at most, and somebody waits for it.

    A worker does one step after the other, and behind the photos of a whole walk no picture would be answered in time.
    """
    try:
        answer_waiting()
    except Exception:
        logger.exception("Waiting predictions could not be answered; the photos go on.")


@shared_task(name="upload_classified", ignore_result=True)
def upload_classified(picture_id: int) -> None:
    """Move a picture that was classified from staging to the store."""
    try:
        pictures.store_picture(picture_id)
    except StoreUnavailable as error:
        logger.warning("%s Picture %d waits in staging.", error, picture_id)
    except OriginalMissing as error:
        logger.error("Picture %d is lost: %s", picture_id, error)


@shared_task(name="sweep_predictions", ignore_result=True)
def sweep_predictions() -> dict[str, int]:
    """Send again what was lost, and end what nobody waits for. Beat calls it every few seconds."""
    overdue = predictions.end_overdue()
    lost = list(
        Prediction.objects.unsent(timezone.now(), resend_after=predictions.RESEND_AFTER).select_related(
            "picture"
        )
    )
    queue.send(lost, [])
    return {"sent_again": len(lost), "overdue": overdue}


@shared_task(name="sweep_old_predictions", ignore_result=True)
def sweep_old_predictions() -> dict[str, int]:
    """Clear what has had its time, and store pictures that the store could not take. Beat calls it."""
    unstored = list(ClassifiedPicture.objects.unstored())
    queue.send([], unstored)
    return {
        "unstored": len(unstored),
        "predictions": predictions.delete_old(),
        "pictures": pictures.delete_unused(),
    }
