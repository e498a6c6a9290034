"""Idempotency-Key for POST views."""

from __future__ import annotations  # Django's files take no type argument at run time

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, cast

from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from demeter.accounts.models import User
from photos.services.intake import idempotency

IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Kept 24 h: the same key returns the first answer; 422 with another body, 409 while the first runs.",
)

Handler = Callable[..., Response]


def idempotent(handler: Handler) -> Handler:
    """Do a POST with an Idempotency-Key once: a repeat gets the answer that the first one got.

    Only what was accepted is kept. A refusal leaves the key free: the client mends its request, or the fault passes.
    """

    @wraps(handler)
    def once(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            return handler(view, request, *args, **kwargs)
        sender: Any = {"user": cast(User, request.user), "path": request.path, "key": key}
        with idempotency.running(**sender):
            body_sha256 = idempotency.fingerprint(*_said(request))
            first = idempotency.first_answer(**sender, body_sha256=body_sha256)
            if first is not None:
                return Response(first.body, status=first.status)
            response = handler(view, request, *args, **kwargs)
            if status.is_success(response.status_code):
                body = json.loads(JSONRenderer().render(response.data) or b"null")
                answer = idempotency.Answer(response.status_code, body)
                idempotency.keep_answer(**sender, body_sha256=body_sha256, answer=answer)
            return response

    return once


def _said(request: Request) -> tuple[dict[str, Any], dict[str, list[UploadedFile[Any]]]]:
    """The fields and files of a request, and its query: all that makes it this request."""
    query = {f"?{name}": values for name, values in request.query_params.lists()}
    if not hasattr(request.data, "lists"):
        return {"body": request.data, **query}, {}
    files = dict(request.FILES.lists())
    fields = {name: values for name, values in request.data.lists() if name not in files}
    return {**fields, **query}, files
