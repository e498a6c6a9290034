"""Idempotency-Key for POST views."""

from __future__ import annotations  # Django's files take no type argument at run time

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, cast

from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from demeter.accounts.models import User
from demeter.errors import DemeterError
from photos.services import idempotency

IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Kept 24 h: the same key returns the first answer; 422 with another body, 409 while the first runs.",
)

Handler = Callable[..., Response]


def idempotent(handler: Handler) -> Handler:
    """Answer a POST with an Idempotency-Key once; a repeat gets the first answer, refusals included.

    An answer of 500 and above is not kept: it may pass, and the request is worth another try.
    """

    @wraps(handler)
    def once(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            return handler(view, request, *args, **kwargs)
        claim = idempotency.begin(
            user=cast(User, request.user),
            path=request.path,
            key=key,
            body_sha256=idempotency.fingerprint(*_said(request)),
        )
        if isinstance(claim, idempotency.Answer):
            return Response(claim.body, status=claim.status)
        try:
            response = _answer(handler, view, request, *args, **kwargs)
        except BaseException:
            idempotency.release(claim)
            raise
        if response.status_code >= 500:
            idempotency.release(claim)
        else:
            body = json.loads(JSONRenderer().render(response.data) or b"null")
            idempotency.complete(claim, status=response.status_code, body=body)
        return response

    return once


def _answer(handler: Handler, view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
    try:
        return handler(view, request, *args, **kwargs)
    except (DemeterError, APIException) as refusal:
        response: Response = view.handle_exception(refusal)
        return response


def _said(request: Request) -> tuple[dict[str, Any], dict[str, list[UploadedFile[Any]]]]:
    """The fields and files of a request, and its query: all that makes it this request."""
    query = {f"?{name}": values for name, values in request.query_params.lists()}
    if not hasattr(request.data, "lists"):
        return {"body": request.data, **query}, {}
    files = dict(request.FILES.lists())
    fields = {name: values for name, values in request.data.lists() if name not in files}
    return {**fields, **query}, files
