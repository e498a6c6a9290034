"""Asking what a picture shows, and reading the answer: what the web does."""

from __future__ import annotations  # Django's files take no type argument at run time

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.accounts.models import User
from demeter.errors import DemeterError
from demeter.heartbeats import queues_without_worker
from mlpipeline.classifier.choices import PredictionStatus
from mlpipeline.classifier.errors import (
    NoModelWorker,
    PredictionFailed,
    PredictionTimedOut,
    TooManyPredictions,
)
from mlpipeline.classifier.models import Prediction
from mlpipeline.classifier.services.pictures import check_file, keep_picture
from photos.errors import ImageTooLarge, OriginalMissing, StoreUnavailable, UnreadableImage

QUEUE: Final = "gpu_queue"
KEPT: Final = timedelta(hours=48)
TIMED_OUT: Final = "timed_out"
INTERNAL: Final = "prediction_failed"
RESEND_AFTER: Final = timedelta(seconds=15)  # a message that has led to nothing by then may be lost


def request_prediction(*, user: User, file: UploadedFile[Any]) -> Prediction:
    """Write down the question what a picture shows. The caller sends the prediction.

    Raises TooManyPredictions, what `keep_picture` raises, and NoModelWorker while nobody could answer.
    """
    _check_rate(user)
    check_file(file)  # before it is asked who could answer: what is no picture need not be sent again later
    if queues_without_worker([QUEUE]):
        raise NoModelWorker(
            _("No worker runs that could look at the picture. Please try again in a moment."),
            retry_after_s=10,
        )
    picture = keep_picture(file)
    expires_at = timezone.now() + timedelta(seconds=settings.PREDICTION_TIMEOUT_S)
    prediction = Prediction(user=user, picture=picture, expires_at=expires_at)
    prediction.save(force_insert=True)
    return prediction


def _check_rate(user: User) -> None:
    """Anybody can register, and the worker that answers also counts the photos of the nursery."""
    limit = settings.PREDICTIONS_UNAPPROVED_PER_MIN
    if user.can_read:
        return
    asked = Prediction.objects.filter(user=user, created_at__gt=timezone.now() - timedelta(minutes=1))
    if asked.count() >= limit:
        raise TooManyPredictions(
            _("Until an administrator approves your account you may send %(limit)d pictures a minute.")
            % {"limit": limit},
            retry_after_s=60,
        )


def find_ended(ids: Sequence[UUID]) -> Collection[UUID]:
    """Those of these predictions that wait no more."""
    ended = Prediction.objects.filter(pk__in=ids).exclude(status=PredictionStatus.PENDING)
    return set(ended.values_list("pk", flat=True))


def read_answer(prediction_id: UUID) -> Prediction:
    """A prediction that is answered. One that is still waiting ends now, with PredictionTimedOut.

    Raises what kept it from being answered.
    """
    _end_waiting(prediction_id)
    prediction = Prediction.objects.select_related("picture").get(pk=prediction_id)
    if prediction.status == PredictionStatus.FAILED:
        raise failure_of(prediction)
    return prediction


def failure_of(prediction: Prediction) -> DemeterError:
    """Why a prediction has failed, in the language of whoever asks."""
    match prediction.error_code:
        case UnreadableImage.code:
            return UnreadableImage(_("The picture is damaged and cannot be read. Send another one."))
        case ImageTooLarge.code:
            return ImageTooLarge(_("The picture has too many pixels."))
        case StoreUnavailable.code | OriginalMissing.code:
            return StoreUnavailable(
                _("The store of pictures does not answer just now. Try again in a few minutes.")
            )
        case code if code == TIMED_OUT:
            return PredictionTimedOut(
                _("The picture was not looked at in time: the workers have too much to do. Please try again.")
            )
    return PredictionFailed(_("Something went wrong here. It has been noted; please try again."))


def end_overdue() -> int:
    """End the predictions that nobody waits for any more. How many."""
    return Prediction.objects.overdue(timezone.now()).update(**_timed_out())


def end_if_overdue(prediction_id: UUID) -> bool:
    """End a prediction whose time is up. Whether it was that."""
    overdue = Prediction.objects.overdue(timezone.now()).filter(pk=prediction_id)
    return bool(overdue.update(**_timed_out()))


def delete_old() -> int:
    """Delete predictions that were asked long ago; their pictures stay. How many."""
    deleted, _by_model = Prediction.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    return deleted


def _end_waiting(prediction_id: UUID) -> None:
    waiting = Prediction.objects.filter(pk=prediction_id, status=PredictionStatus.PENDING)
    waiting.update(**_timed_out())


def _timed_out() -> dict[str, Any]:
    return {"status": PredictionStatus.FAILED, "error_code": TIMED_OUT, "answered_at": timezone.now()}
