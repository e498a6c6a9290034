"""Sending photos: many, one, or one for an analysis without inventory."""

from typing import Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from demeter.accounts.models import User
from demeter.accounts.permissions import IsWorker
from demeter.api_errors import errors
from demeter.errors import DemeterError
from demeter.links import absolute_link
from demeter.serving.views import TakesLargeBody
from demeter.throttling import SharedScopedRate
from photos.api import serializers
from photos.api.idempotency import IDEMPOTENCY_KEY, idempotent
from photos.choices import JobPurpose
from photos.errors import TooManyFiles
from photos.models import UploadJob
from photos.queue import send_steps
from photos.services.intake.uploads import UploadOutcome, accept_upload
from photos.services.steps.pace import completion_minutes
from photos.upload_handlers import PHOTOS

FORCE = OpenApiParameter(
    "force", OpenApiTypes.BOOL, description="The same as the field `force`: count known photos once more."
)


class FileRefused(DemeterError):
    """No file of a request was accepted: answered with the code of the (first) file."""

    status = 400

    def __init__(self, outcome: UploadOutcome) -> None:
        first = outcome.refused[0]
        super().__init__(
            first.error,
            upload_session_id=str(outcome.upload_session.pk),
            jobs=serializers.AcceptedJobSerializer(outcome.jobs, many=True).data,
        )
        self.code = first.code  # type: ignore[misc]  # the one refusal whose code is known at run time only


class UploadThrottle(SharedScopedRate):
    """Bounds the uploads of one user."""


class TakesPhotos(TakesLargeBody):
    """A view whose requests carry photos: multipart only, bounded as a whole before a byte is read."""

    large_body = PHOTOS
    parser_classes = [MultiPartParser]
    permission_classes = [IsWorker]
    throttle_classes = [UploadThrottle]
    throttle_scope = "upload"


def files_of(request: Request) -> list[UploadedFile]:
    """All files of a request, whatever a client calls their field: none vanishes in silence."""
    return [file for files in request.FILES.lists() for file in cast(list[UploadedFile], files[1])]


def force_requested(request: Request, fields: dict[str, Any]) -> bool:
    """Whether a known photo is to be counted again, as a form field or a query parameter says."""
    return bool(fields["force"]) or request.query_params.get("force", "").lower() in ("1", "true")


def send(outcome: UploadOutcome) -> None:
    """Hand the work of an upload on. Raises FileRefused if there is none because no file was good."""
    if not outcome.accepted:
        raise FileRefused(outcome)
    send_steps(outcome.open_steps())


class Upload(TakesPhotos):
    """Take in up to 100 photos: 202 for all, 207 where some are refused, 400 where all are."""

    @extend_schema(
        operation_id="photos_upload",
        description="Upload 1–100 photos. They are counted one after another; follow them at `poll_url`.",
        request={"multipart/form-data": serializers.UploadFormSerializer},
        parameters=[IDEMPOTENCY_KEY, FORCE],
        responses={
            202: serializers.UploadAnswerSerializer,
            207: serializers.UploadAnswerSerializer,
            **errors(400, 409, 422, 507),
        },
    )
    @idempotent
    def post(self, request: Request) -> Response:
        given = serializers.UploadRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        fields = given.validated_data
        outcome = accept_upload(
            user=cast(User, request.user),
            files=files_of(request),
            location_id=fields.get("storage_location_id"),
            warehouse_id=fields.get("warehouse_id"),
            notes=fields["notes"],
            taken_at=fields.get("taken_at"),
            force=force_requested(request, fields),
        )
        send(outcome)
        answer = {
            "status": "accepted",
            "upload_session_id": outcome.upload_session.pk,
            "jobs": outcome.jobs,
            "total_files": len(outcome.jobs),
            "estimated_completion_time_minutes": completion_minutes(),
            "poll_url": absolute_link(
                request, f"{reverse('upload-status')}?upload_session_id={outcome.upload_session.pk}"
            ),
        }
        return Response(
            serializers.UploadAnswerSerializer(answer).data,
            status=status.HTTP_207_MULTI_STATUS if outcome.refused else status.HTTP_202_ACCEPTED,
        )


class SinglePhotoView(TakesPhotos):
    """A view whose requests carry one photo in the part `file`."""

    def accept_one(self, request: Request, **options: Any) -> tuple[UploadOutcome, UploadJob]:
        files = files_of(request)
        if len(files) > 1:
            raise TooManyFiles(_("Send one photo."), limit=1)
        outcome = accept_upload(user=cast(User, request.user), files=files, **options)
        send(outcome)
        return outcome, outcome.jobs[0]


def _message(job: UploadJob) -> str:
    if job.stands_elsewhere:
        return _(
            "This photo was counted before at another place, and stays there. Change the place on its page if that is "
            "wrong."
        )
    return _("This photo was counted before.") if job.duplicate_of_id else _("The photo is being counted.")


class StockPhoto(SinglePhotoView):
    """Take in one photo for counting and booking."""

    @extend_schema(
        operation_id="stock_photo",
        description="Upload one photo, count it and book the stock.",
        request={"multipart/form-data": serializers.PhotoFormSerializer},
        parameters=[IDEMPOTENCY_KEY, FORCE],
        responses={
            202: serializers.PhotoAnswerSerializer,
            **errors(400, 409, 422, 507),
        },
    )
    @idempotent
    def post(self, request: Request) -> Response:
        given = serializers.PhotoRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        fields = given.validated_data
        outcome, job = self.accept_one(
            request,
            location_id=fields.get("storage_location_id"),
            taken_at=fields.get("taken_at"),
            force=force_requested(request, fields),
        )
        answer = {
            "task_id": job.pk,
            "session_id": job.session.uuid if job.session else None,
            "upload_session_id": outcome.upload_session.pk,
            "status": job.status,
            "message": _message(job),
            "poll_url": absolute_link(request, reverse("stock-task", args=[job.pk])),
            "jobs": outcome.jobs,
        }
        return Response(serializers.PhotoAnswerSerializer(answer).data, status=status.HTTP_202_ACCEPTED)


class Analyze(SinglePhotoView):
    """Take in one photo to be counted only."""

    @extend_schema(
        operation_id="analyze",
        description="Count the plants of one photo without inventory: no place, no stock.",
        request={"multipart/form-data": serializers.AnalyzeFormSerializer},
        parameters=[IDEMPOTENCY_KEY],
        responses={
            202: serializers.AnalysisStartedSerializer,
            **errors(400, 409, 422, 507),
        },
    )
    @idempotent
    def post(self, request: Request) -> Response:
        _outcome, job = self.accept_one(request, purpose=JobPurpose.ANALYZE)
        answer = {"task_id": job.pk, "status": "processing"}
        return Response(serializers.AnalysisStartedSerializer(answer).data, status=status.HTTP_202_ACCEPTED)
