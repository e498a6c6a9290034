"""What was found in a photo, what people correct in it, and their word that it is right."""

from typing import Any, Final, cast
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from demeter.accounts.permissions import IsApprovedUser, IsSupervisor, IsWorker
from demeter.api_errors import errors
from photos.api import correction_shapes as shapes
from photos.api.idempotency import IDEMPOTENCY_KEY, idempotent
from photos.models import Image, ProcessingSession
from photos.services.corrections.columns import (
    container_columns,
    detection_columns,
    estimation_columns,
    sums_of,
)
from photos.services.corrections.export import export_csv, export_geojson, export_json
from photos.services.review.edits import OPERATIONS, correct
from photos.services.review.validation import movements_of, validate

COUNT: Final = OpenApiParameter(
    "count", OpenApiTypes.INT, description="The number of a count of this photo; the newest one without it."
)
FORMATS: Final = ("json", "csv", "geojson")


def find_count(user: User, image_id: UUID, number: str | None = None) -> ProcessingSession:
    """A count of a photo that this user may see: the newest, or the one of this number. 404 for all others."""
    visible = Image.objects.visible_to(user).not_deleted()
    counts = ProcessingSession.objects.filter(image=image_id, image__in=visible)
    counts = counts.select_related("image").order_by("-attempt")
    if number is not None:
        counts = (
            counts.filter(attempt=int(number)) if number.isdecimal() and len(number) <= 5 else counts.none()
        )
    session = counts.first()
    if session is None:
        raise Http404
    return session


def find_session(user: User, session_id: UUID) -> ProcessingSession:
    """A count by its own id, of a photo that this user may see; 404 for all others."""
    visible = Image.objects.visible_to(user).not_deleted()
    counts = ProcessingSession.objects.filter(image__in=visible)
    return get_object_or_404(
        counts.select_related("image", "storage_location", "product", "validated_by"), uuid=session_id
    )


class _OfOneCount(APIView):
    """The newest count of a photo, or the one of `?count=`."""

    def count_of(self, request: Request, image_id: UUID) -> ProcessingSession:
        return find_count(cast(User, request.user), image_id, request.query_params.get("count"))


class Detections(_OfOneCount):
    """Read the boxes of a count (GET), correct them (PATCH)."""

    def get_permissions(self) -> list[Any]:
        return [IsWorker()] if self.request.method == "PATCH" else [IsApprovedUser()]

    @extend_schema(
        operation_id="photos_detections",
        description="All boxes of a count with the corrections so far. The answer has an ETag; a repeated question "
        "with If-None-Match costs no box.",
        parameters=[COUNT],
        responses={
            200: shapes.DetectionsSerializer,
            304: OpenApiResponse(description="Nothing has been corrected since."),
        },
    )
    def get(self, request: Request, image_id: UUID) -> HttpResponse:
        session = self.count_of(request, image_id)
        etag = f'"{session.uuid.hex}-{session.status}-{session.version}"'
        known = get_conditional_response(request, etag=etag)
        if known is not None:
            return known
        return Response(
            detection_columns(session), headers={"ETag": etag, "Cache-Control": "private, no-cache"}
        )

    @extend_schema(
        operation_id="photos_detections_correct",
        description="Correct a count: workers their own photos, supervisors all. The model's own boxes are kept; the "
        "stock follows when the count is validated. 409 version_conflict when somebody else was first.",
        parameters=[COUNT],
        request=shapes.CorrectionRequestSerializer,
        responses={200: shapes.CorrectionAnswerSerializer, **errors(400, 409)},
    )
    def patch(self, request: Request, image_id: UUID) -> Response:
        user = cast(User, request.user)
        session = self.count_of(request, image_id)
        if session.image.uploaded_by_id != user.pk and not user.has_role(Role.SUPERVISOR):
            raise PermissionDenied
        given = shapes.CorrectionRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        taken = correct(
            session=session,
            user=user,
            version=wanted["version"],
            edit_id=wanted.get("edit_id"),
            operations={name: wanted[name] for name in OPERATIONS if name in wanted},
        )
        return Response({"version": taken.version, "added_ids": taken.added_ids, "sums": sums_of(taken.sums)})


class Containers(_OfOneCount):
    """Read the containers of a count."""

    @extend_schema(
        operation_id="photos_containers",
        description="The containers of a count with their sums after the corrections so far.",
        parameters=[COUNT],
        responses={200: shapes.ContainersSerializer},
    )
    def get(self, request: Request, image_id: UUID) -> Response:
        return Response(container_columns(self.count_of(request, image_id)))


class Estimations(_OfOneCount):
    """Read how many plants were estimated, in which band and by which method."""

    @extend_schema(
        operation_id="photos_estimations",
        description="The plants that hide, band by band, and how that was computed.",
        parameters=[COUNT],
        responses={200: shapes.EstimationsSerializer},
    )
    def get(self, request: Request, image_id: UUID) -> Response:
        return Response(estimation_columns(self.count_of(request, image_id)))


class Validate(APIView):
    """Validate a count and book it: supervisors and above."""

    permission_classes = [IsSupervisor]

    @extend_schema(
        operation_id="sessions_validate",
        description="Say that a count is right, with its corrections and the adjustments of this request, and book it: "
        "also a partial_count or one that needs_review. Validating twice changes nothing; validating again after a "
        "correction books the difference. 409 count_replaced where a newer count stands.",
        parameters=[IDEMPOTENCY_KEY],
        request=shapes.ValidateRequestSerializer,
        responses={200: shapes.ValidateAnswerSerializer, **errors(400, 409, 422)},
    )
    @idempotent
    def post(self, request: Request, session_id: UUID) -> Response:
        user = cast(User, request.user)
        session = find_session(user, session_id)
        given = shapes.ValidateRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        validated = validate(
            session=session,
            user=user,
            note=wanted["note"],
            version=wanted.get("version"),
            adjustments=_hand_counts(wanted.get("adjustments") or {}),
        )
        answer = {
            "validated": validated.validated,
            "validated_by": validated.validated_by.name if validated.validated_by else None,
            "validation_date": validated.validation_date,
            "manual_adjustments": validated.manual_adjustments,
            "movement_ids": list(movements_of(validated).values_list("request_id", flat=True)),
            "booking_state": validated.booking_state,
            "booked_quantity": validated.booked_quantity,
        }
        return Response(shapes.ValidateAnswerSerializer(answer).data)


def _hand_counts(adjustments: dict[str, Any]) -> list[dict[str, Any]]:
    """The adjustments of a validation as counts by hand."""
    counts = list(adjustments.get("containers", ()))
    if "living" in adjustments:
        whole = {name: adjustments[name] for name in ("living", "dead", "empty")}
        counts.append({"container_id": None, **whole})
    return counts


class IgnoresFormat(DefaultContentNegotiation):
    """`format` names the kind of file here, not how the answer is rendered; errors stay JSON."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> tuple[Any, str]:
        return renderers[0], renderers[0].media_type


class Export(APIView):
    """Download a count as JSON, CSV or GeoJSON; `format` names the file, not the renderer."""

    content_negotiation_class = IgnoresFormat
    renderer_classes = [JSONRenderer]

    @extend_schema(
        operation_id="sessions_export",
        description="A count to take along, with its corrections: csv (one line a box), json (everything), geojson "
        "(features in px of the picture).",
        parameters=[OpenApiParameter("format", OpenApiTypes.STR, enum=FORMATS, default="json")],
        responses={
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "application/geo+json"): OpenApiTypes.OBJECT,
            **errors(400),
        },
    )
    def get(self, request: Request, session_id: UUID) -> HttpResponse:
        kind = request.query_params.get("format", "json")
        if kind not in FORMATS:
            raise ValidationError({"format": f"json, csv, geojson: {kind[:40]}"})
        session = find_session(cast(User, request.user), session_id)
        if kind == "csv":
            content, media_type = export_csv(session).encode("utf-8-sig"), "text/csv; charset=utf-8"
        elif kind == "geojson":
            content, media_type = JSONRenderer().render(export_geojson(session)), "application/geo+json"
        else:
            content, media_type = JSONRenderer().render(export_json(session)), "application/json"
        name = f"count_{session.uuid}.{kind}"
        return HttpResponse(
            content,
            content_type=media_type,
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "private, no-store",
            },
        )
