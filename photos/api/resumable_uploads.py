"""Sending photos in chunks, after tus 1.0 (https://tus.io/protocols/resumable-upload): what was sent is never lost.

Spoken are the core and the extensions `creation`, `checksum`, `expiration` and `termination`.
"""

import base64
import binascii
from typing import Any, Final, cast
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import http_date
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from demeter.accounts.models import User
from demeter.accounts.permissions import IsWorker
from demeter.api_errors import errors
from demeter.links import absolute_link
from demeter.serving.views import TakesLargeBody
from demeter.throttling import SharedScopedRate
from photos.api import resumable_shapes
from photos.api.uploads import UploadThrottle, send
from photos.choices import ImageSource
from photos.chunk_bodies import CHECKSUMS, CHUNK, CONTENT_TYPE, receive_chunk
from photos.errors import ChecksumMismatch, InvalidUploadHeader, UnsupportedProtocol
from photos.models import ResumableUpload
from photos.services.context.deduplication import find_known_photos
from photos.services.intake import upload_chunks
from photos.services.intake.resumable_uploads import (
    Announcement,
    begin_resumable,
    check_alive,
    continue_resumable,
)

VERSION: Final = "1.0.0"
_EXTENSIONS: Final = "creation,checksum,expiration,termination"
_MAX_METADATA_CHARACTERS: Final = 8192
_HOW_TO_BEGIN: Final = """
Begin a photo that is sent in chunks (tus 1.0, `creation`): PATCH its bytes to `Location`. With the SHA-256 of a photo
that the server has and the caller may see, it is whole at once: `offset_bytes` is `size_bytes`, and `job` tells what is
known of it.

`Upload-Metadata` is a list of `key base64(value)` with the keys `filename`, `sha256` (lower-case hex),
`storage_location_id`, `warehouse_id`, `taken_at`, `notes`, `force`, and `upload_session_id`: a UUID that the client
makes, by which the photos of one walk become one upload. With `file_id`, a UUID that the client makes for each of
these, a request whose answer was lost can be repeated: it is answered with the photo as it was begun, however far it
has come.
"""
_TUS: Final = OpenApiParameter(
    "Tus-Resumable", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True, enum=[VERSION]
)
_OFFSET: Final = OpenApiParameter(
    "Upload-Offset",
    OpenApiTypes.INT,
    OpenApiParameter.HEADER,
    required=True,
    description="Of the first byte.",
)


class ChunkThrottle(SharedScopedRate):
    """Bounds the chunks of one user, of which a photo has many."""


class SpeaksTus(APIView):
    """A view whose requests name the version of the protocol, and whose answers do."""

    permission_classes = [IsWorker]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method not in ("GET", "OPTIONS") and request.headers.get("Tus-Resumable") != VERSION:
            raise UnsupportedProtocol(
                _("This address speaks tus %(version)s: send the header Tus-Resumable.")
                % {"version": VERSION},
                supported=[VERSION],
            )
        super().initial(request, *args, **kwargs)

    def options(  # type: ignore[override]  # DRF hands over its own request
        self, request: Request, *args: Any, **kwargs: Any
    ) -> Response:
        return Response(status=status.HTTP_204_NO_CONTENT, headers=_protocol_headers())

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["Tus-Resumable"] = VERSION
        if answer.status_code == UnsupportedProtocol.status:
            answer["Tus-Version"] = VERSION
        return answer


class ResumableUploads(SpeaksTus):
    """Begin to send a photo in chunks."""

    throttle_classes = [UploadThrottle]
    throttle_scope = "upload"

    @extend_schema(
        operation_id="uploads_create",
        description=_HOW_TO_BEGIN,
        request=None,
        parameters=[
            _TUS,
            OpenApiParameter(
                "Upload-Length",
                OpenApiTypes.INT,
                OpenApiParameter.HEADER,
                required=True,
                description="Bytes of the file.",
            ),
            OpenApiParameter("Upload-Metadata", OpenApiTypes.STR, OpenApiParameter.HEADER),
        ],
        responses={
            201: resumable_shapes.ResumableUploadSerializer,
            **errors(400, 409, 412, 413, 507),
        },
    )
    def post(self, request: Request) -> Response:
        given = resumable_shapes.MetadataSerializer(data=_metadata(request))
        given.is_valid(raise_exception=True)
        announced = Announcement(size_bytes=_number(request, "Upload-Length"), **given.validated_data)
        is_page = isinstance(request.successful_authenticator, SessionAuthentication)
        resumable, outcome = begin_resumable(
            user=cast(User, request.user),
            announced=announced,
            source=ImageSource.WEB if is_page else ImageSource.API,
        )
        if outcome is not None:
            send(outcome)
        return Response(
            resumable_shapes.ResumableUploadSerializer(resumable).data,
            status=status.HTTP_201_CREATED,
            headers={
                "Location": absolute_link(request, reverse("uploads-upload", args=[resumable.pk])),
                **_state_headers(resumable),
            },
        )


class KnownPhotos(APIView):
    """Ask which photos need not be sent."""

    permission_classes = [IsWorker]

    @extend_schema(
        operation_id="uploads_known",
        description="Which of up to 100 photos the server has already, by the SHA-256 of their bytes: those that the "
        "caller may see.",
        request=resumable_shapes.HashListSerializer,
        responses={200: resumable_shapes.KnownPhotosSerializer, **errors(400)},
    )
    def post(self, request: Request) -> Response:
        given = resumable_shapes.HashListSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        known = find_known_photos(given.validated_data["sha256s"], user=cast(User, request.user))
        return Response(resumable_shapes.KnownPhotosSerializer({"known": known.values()}).data)


class ResumableUploadView(SpeaksTus, TakesLargeBody):
    """One photo that is sent in chunks. Only its uploader finds it."""

    large_body = CHUNK
    throttle_classes = [ChunkThrottle]
    throttle_scope = "chunk"

    def check_headers(self, request: Request) -> None:
        if request.method != "PATCH":
            return
        media_type = request.META.get("CONTENT_TYPE", "").partition(";")[0]
        if media_type != CONTENT_TYPE:
            raise UnsupportedMediaType(media_type)
        resumable = self._find(request, self.kwargs["upload_id"])
        offset_bytes = _number(request, "Upload-Offset")
        if resumable.job_id is None:
            upload_chunks.check_offset(resumable, offset_bytes)

    @extend_schema(
        operation_id="uploads_retrieve",
        description="How far a photo that is sent in chunks has come, and its job once it is whole. HEAD answers the "
        "same in the headers of tus.",
        responses={200: resumable_shapes.ResumableUploadSerializer, **errors(410)},
    )
    def get(self, request: Request, upload_id: UUID) -> Response:
        resumable = self._find(request, upload_id)
        return Response(
            resumable_shapes.ResumableUploadSerializer(resumable).data,
            headers={"Cache-Control": "no-store", **_state_headers(resumable)},
        )

    def head(self, request: Request, upload_id: UUID) -> Response:
        resumable = self._find(request, upload_id)
        return Response(headers={"Cache-Control": "no-store", **_state_headers(resumable)})

    @extend_schema(
        operation_id="uploads_append",
        description="Send the next chunk of a photo, at most 20 MB. The last one takes the photo in: 400 with its code "
        "if it is none, as where a photo is sent at once. The same last chunk again is answered in the same way.",
        request={CONTENT_TYPE: OpenApiTypes.BINARY},
        parameters=[
            _TUS,
            _OFFSET,
            OpenApiParameter(
                "Upload-Checksum",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description="`sha256` or `sha1`, a space, and the digest of the chunk in Base64.",
            ),
        ],
        responses={
            204: OpenApiResponse(description="`Upload-Offset`: how far the file has come."),
            **errors(400, 408, 409, 410, 412, 460, 507),
        },
    )
    def patch(self, request: Request, upload_id: UUID) -> Response:
        resumable = self._find(request, upload_id)
        offset_bytes = _number(request, "Upload-Offset")
        algorithm, expected = _checksum(request)
        size_bytes = int(request.META.get("CONTENT_LENGTH") or 0)
        file, digest = receive_chunk(request._request, size_bytes=size_bytes, algorithm=algorithm)
        with file:
            if expected is not None and digest != expected:
                raise ChecksumMismatch(_("The file has changed on its way. It has to be sent once more."))
            outcome = continue_resumable(resumable, offset_bytes=offset_bytes, file=file)
        if outcome is not None:
            send(outcome)
        return Response(status=status.HTTP_204_NO_CONTENT, headers=_state_headers(resumable))

    @extend_schema(
        operation_id="uploads_delete",
        description="Give up a photo that is not whole yet, and what has arrived of it (tus 1.0, `termination`). One "
        "that is whole stays a photo.",
        parameters=[_TUS],
        responses={204: OpenApiResponse(description="Gone."), **errors(410, 412)},
    )
    def delete(self, request: Request, upload_id: UUID) -> Response:
        upload_chunks.discard_resumable(self._find(request, upload_id))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _find(self, request: Request, upload_id: UUID) -> ResumableUpload:
        uploads: QuerySet[ResumableUpload] = ResumableUpload.objects.filter(user=cast(User, request.user))
        related = uploads.select_related("user", "job__upload_session", "job__session", "job__image")
        resumable = get_object_or_404(related, pk=upload_id)
        check_alive(resumable)
        return resumable


def _protocol_headers() -> dict[str, str]:
    return {
        "Tus-Version": VERSION,
        "Tus-Extension": _EXTENSIONS,
        "Tus-Max-Size": str(settings.UPLOAD_MAX_FILE_BYTES),
        "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
    }


def _state_headers(resumable: ResumableUpload) -> dict[str, str]:
    return {
        "Upload-Offset": str(resumable.offset_bytes),
        "Upload-Length": str(resumable.size_bytes),
        "Upload-Expires": http_date(resumable.expires_at.timestamp()),
    }


def _number(request: Request, header: str) -> int:
    """A header that is a whole number from 0. Raises InvalidUploadHeader."""
    given = request.headers.get(header, "")
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise InvalidUploadHeader(
            _("The header %(header)s is missing, or is no whole number.") % {"header": header}, header=header
        )
    return int(given)


def _metadata(request: Request) -> dict[str, str]:
    """The pairs of Upload-Metadata; a key may stand without a value. Raises InvalidUploadHeader."""
    header = request.headers.get("Upload-Metadata", "")
    refusal = InvalidUploadHeader(
        _("The header %(header)s cannot be read.") % {"header": "Upload-Metadata"}, header="Upload-Metadata"
    )
    if len(header) > _MAX_METADATA_CHARACTERS:
        raise refusal
    pairs = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _space, value = pair.partition(" ")
        try:
            pairs[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise refusal from error
    return pairs


def _checksum(request: Request) -> tuple[str, bytes | None]:
    """The algorithm and digest of Upload-Checksum; sha256 and None without it. Raises InvalidUploadHeader."""
    header = request.headers.get("Upload-Checksum")
    if header is None:
        return CHECKSUMS[0], None
    algorithm, _space, value = header.partition(" ")
    try:
        if algorithm in CHECKSUMS:
            return algorithm, base64.b64decode(value, validate=True)
    except binascii.Error:
        pass  # refused below
    raise InvalidUploadHeader(
        _("The header %(header)s cannot be read.") % {"header": "Upload-Checksum"}, header="Upload-Checksum"
    )
