"""A page for every signed-in person: send a picture, see what it shows, say whether that is right."""

from __future__ import annotations  # Django's files take no type argument at run time

from typing import Any, Final, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from demeter.accounts.models import User
from demeter.errors import DemeterError
from demeter.serving.admission import LargeBody, takes_large_body
from mlpipeline.classifier import queue
from mlpipeline.classifier.choices import PredictionStatus
from mlpipeline.classifier.models import Feedback, Prediction
from mlpipeline.classifier.picture_files import EXTENSIONS
from mlpipeline.classifier.services.feedback import give_feedback
from mlpipeline.classifier.services.pictures import picture_url
from mlpipeline.classifier.services.predictions import end_if_overdue, failure_of, request_prediction
from photos.upload_handlers import ReceivedForm

# The page that follows shows the answer; so this request waits for nothing.
_ONE_PICTURE: Final = LargeBody(max_bytes=settings.UPLOAD_MAX_FILE_BYTES, sink_of=ReceivedForm.of)
_RECENT: Final = 8
_SHOWN_FEEDBACK: Final = 3


class FeedbackForm(forms.Form):
    """What a picture shows in the words of a person."""

    feedback = forms.CharField(label=gettext_lazy("What does it show?"), max_length=1000)


@require_http_methods(["GET", "HEAD", "POST"])
@takes_large_body(_ONE_PICTURE)
def classify(request: HttpRequest) -> HttpResponse:
    """The page to send a picture from; POST takes it and leads to its answer."""
    if request.method == "POST":
        return _take(request)
    recent = Prediction.objects.filter(user=_user_of(request)).select_related("picture")[:_RECENT]
    context = {
        "extensions": ",".join(EXTENSIONS),
        "max_bytes": settings.UPLOAD_MAX_FILE_BYTES,
        "recent": [(row, shown_label(row)) for row in recent],
    }
    return render(request, "classifier/classify.html", context)


def _take(request: HttpRequest) -> HttpResponse:
    files = cast("list[UploadedFile[Any]]", request.FILES.getlist("file"))
    if not files:
        messages.error(request, _("Choose a picture."))
        return redirect("classify")
    try:
        row = request_prediction(user=_user_of(request), file=files[0])
    except DemeterError as refusal:
        messages.error(request, str(refusal))
        return redirect("classify")
    queue.send_prediction(row)
    return redirect("prediction", prediction_id=row.pk)


@require_safe
@never_cache
def prediction(request: HttpRequest, prediction_id: UUID) -> HttpResponse:
    """One answer. While it is not there, the page loads itself again."""
    return _show(request, _find(request, prediction_id), FeedbackForm())


@require_POST
def feedback(request: HttpRequest, prediction_id: UUID) -> HttpResponse:
    """Take what a person says of an answer."""
    row = _find(request, prediction_id)
    form = FeedbackForm(request.POST)
    if row.status != PredictionStatus.ANSWERED or not form.is_valid():
        return _show(request, row, form, status=400)
    give_feedback(
        user=_user_of(request),
        feedback=form.cleaned_data["feedback"],
        score=round(row.score or 0.0, 4),
        predicted_class=row.label,
        image_file_name=row.picture.file_name,
    )
    messages.success(request, _("Thank you. The model can learn from it."))
    return redirect("prediction", prediction_id=row.pk)


def _show(request: HttpRequest, row: Prediction, form: FeedbackForm, *, status: int = 200) -> HttpResponse:
    given = Feedback.objects.filter(
        user=_user_of(request), image_file_name=row.picture.file_name, predicted_class=row.label
    )[:_SHOWN_FEEDBACK]
    context = {
        "prediction": row,
        "label": shown_label(row),
        "percent": 100 * (row.score or 0.0),
        "picture_url": picture_url(row.picture),
        "fault": failure_of(row) if row.status == PredictionStatus.FAILED else None,
        "is_waiting": row.status == PredictionStatus.PENDING,
        "feedback_form": form,
        "given": given,
    }
    return render(request, "classifier/prediction.html", context, status=status)


def shown_label(row: Prediction) -> str:
    """A label as people read it: "Siberian husky"."""
    return row.label.replace("_", " ")


def _find(request: HttpRequest, prediction_id: UUID) -> Prediction:
    """The caller's own prediction; of others nobody learns whether they exist."""
    rows = Prediction.objects.select_related("picture")
    row = get_object_or_404(rows, pk=prediction_id, user=_user_of(request))
    if end_if_overdue(row.pk):
        row.refresh_from_db()
    return row


def _user_of(request: HttpRequest) -> User:
    """The signed-in user; LoginRequiredMiddleware lets nobody else reach a page."""
    return cast(User, request.user)
