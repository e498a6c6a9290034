"""The one form of an error, for every endpoint and page.

An error is {"code", "error", "detail", "timestamp", "request_id"}: a stable code for programs, a sentence for a
person, facts for both, and the id under which the log tells more. No answer ever shows a traceback.
"""

import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFilesSent,
)
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import render
from django.templatetags.static import static
from django.utils import timezone, translation
from django.utils.http import escape_leading_slashes, url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from rest_framework import exceptions, parsers, serializers
from rest_framework.response import Response

from demeter.errors import DemeterError
from demeter.middleware import request_id_var

logger = logging.getLogger(__name__)

Handler = Callable[..., HttpResponse]

# Where a client expects JSON whatever happens: the API, what monitoring asks, and the four paths of older clients.
_PLAIN_PATHS: Final = ("/login", "/user", "/model/", "/feedback")  # these know one form and one language
_JSON_PATHS: Final = ("/api/", "/healthz", "/readyz", "/metrics", "/version", *_PLAIN_PATHS)


# The codes that no DemeterError declares, with status and meaning.
FRAMEWORK_CODES: Final[dict[str, tuple[int, str]]] = {
    "invalid": (400, "Some fields are not valid; `detail` names them."),
    "parse_error": (400, "The body cannot be read."),
    "bad_request": (400, "The request cannot be understood."),
    "incomplete_body": (400, "The request broke off before all of it had arrived."),
    "not_authenticated": (401, "Nobody is signed in."),
    "authentication_failed": (401, "The sign-in is not good."),
    "token_not_valid": (401, "The access token has expired, or its sign-in has ended."),
    "bad_authorization_header": (401, "The header Authorization is not “Bearer” and a token."),
    "permission_denied": (403, "The caller's role does not allow this."),
    "csrf_failed": (403, "The page was open for too long, or cookies are switched off."),
    "not_found": (404, "It does not exist, or the caller may not see it."),
    "method_not_allowed": (405, "The address does not know this method."),
    "not_acceptable": (406, "The header Accept allows no form that this answer has."),
    "unsupported_media_type": (415, "The body is of a type that is not read here."),
    "throttled": (429, "Too many requests; Retry-After says when to come back."),
    "server_error": (500, "A fault of ours. The log tells more under `request_id`."),
}


@dataclass(frozen=True)
class ErrorResponse:
    """An error as it is answered."""

    status: int
    code: str
    text: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "error": self.text,
            "detail": dict(self.detail),
            "timestamp": timezone.now().isoformat(),
            "request_id": request_id_var.get(),
        }


class ErrorSerializer(serializers.Serializer[Any]):
    """The one form of an error."""

    code = serializers.CharField(help_text="Stable; for programs.")
    error = serializers.CharField(help_text="A sentence for a person, in the language of the request.")
    detail = serializers.DictField(help_text="Facts, for example the fields that are not valid.")
    timestamp = serializers.DateTimeField()
    request_id = serializers.CharField(help_text="Also in the header X-Request-Id and in the log.")


def errors(*statuses: int) -> dict[int, type[ErrorSerializer]]:
    """The error answers of an endpoint by status, for `responses` of `extend_schema`.

    What follows from the view's permissions, parsers and throttles is added by `demeter.api_schema.AutoSchema`.
    """
    return dict.fromkeys(statuses, ErrorSerializer)


# ── the API's errors ─────────────────────────────────────────────────────────────────────────────────
def error_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer an error in our form. None for a fault of ours, which Django logs and answers with 500."""
    refusal = to_error_response(error)
    if refusal is None:
        return None
    if refusal.status >= 500:
        logger.error("%s: %s", refusal.code, error, exc_info=error)
    else:
        logger.info("%s: %s", refusal.code, error)
    return Response(refusal.body(), status=refusal.status, headers=dict(refusal.headers))


def to_error_response(error: Exception) -> ErrorResponse | None:
    """What an exception means to a client; None if it was not expected."""
    match error:
        case DemeterError():
            return _with_headers(ErrorResponse(error.status, error.code, str(error), error.details))
        case exceptions.ValidationError():
            given = error.detail
            return _invalid(given if isinstance(given, dict) else {"non_field_errors": given})
        case exceptions.APIException():
            return _from_rest_framework(error)
        case DjangoValidationError():
            return _invalid(
                error.message_dict if hasattr(error, "error_dict") else {"non_field_errors": error.messages}
            )
        case Http404():
            return ErrorResponse(404, "not_found", _("This does not exist, or you may not see it."))
        case PermissionDenied():
            return ErrorResponse(403, "permission_denied", _("Your role does not allow this."))
        case TooManyFilesSent():
            return ErrorResponse(
                400, "too_many_files", _("There are more files in this request than allowed.")
            )
        case RequestDataTooBig():
            return ErrorResponse(413, "request_too_large", _("The request is too large."))
        case UnreadablePostError():
            return ErrorResponse(
                400, "incomplete_body", _("The request broke off before all of it had arrived.")
            )
        case SuspiciousOperation() | BadRequest():
            return ErrorResponse(400, "bad_request", _("The request could not be understood."))
        case OperationalError() | InterfaceError():
            return ErrorResponse(
                503, "database_unavailable", _("The database does not answer. Try again in a moment.")
            )
    return None


def _from_rest_framework(error: exceptions.APIException) -> ErrorResponse:
    detail: Any = error.detail
    code = getattr(detail, "code", error.default_code)
    if isinstance(detail, dict):  # the token library nests its text
        code, detail = detail.get("code", code), detail.get("detail", "")
    headers = {}
    wait_s = getattr(error, "wait", None)  # whole seconds; the throttles' own
    if wait_s is not None:
        headers["Retry-After"] = str(wait_s)
    return _with_headers(ErrorResponse(error.status_code, str(code), str(detail), {}, headers))


def _with_headers(refusal: ErrorResponse) -> ErrorResponse:
    """A 401 names the scheme that opens the door (RFC 9110, 11.6.1); a refusal may say when to come back."""
    headers = dict(refusal.headers)
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after_s" in refusal.detail:
        headers["Retry-After"] = str(refusal.detail["retry_after_s"])
    return ErrorResponse(refusal.status, refusal.code, refusal.text, refusal.detail, headers)


def _invalid(fields: Mapping[str, Any]) -> ErrorResponse:
    return ErrorResponse(400, "invalid", sentence_of(fields) or _("The request is not valid."), plain(fields))


def sentence_of(fields: Mapping[str, Any]) -> str:
    """The messages of a validation in one line: "name: too short. A text for the whole."""
    lines = []
    for name, messages in fields.items():
        text = " ".join(_texts(messages))
        lines.append(text if name in ("non_field_errors", "__all__", "detail") else f"{name}: {text}")
    return " ".join(lines)


def _texts(messages: Any) -> list[str]:
    if isinstance(messages, Mapping):
        return [text for nested in messages.values() for text in _texts(nested)]
    if isinstance(messages, list | tuple):
        return [text for nested in messages for text in _texts(nested)]
    return [str(messages)]


def plain(value: Any) -> Any:
    """Error details as plain JSON: strings instead of the framework's and lazy ones."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value)


# ── bodies ───────────────────────────────────────────────────────────────────────────────────────────
MAX_JSON_DEPTH: Final = 64  # lists and objects within each other; no request of ours needs more than five


class JSONParser(parsers.JSONParser):
    """JSON that is nested no deeper than MAX_JSON_DEPTH: what reads it later calls itself for each level."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        too_deep = exceptions.ParseError(
            _("The JSON is nested deeper than %(limit)d levels.") % {"limit": MAX_JSON_DEPTH}
        )
        try:
            data = super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise too_deep from error
        level = [data]
        for _depth in range(MAX_JSON_DEPTH):
            level = [child for value in level for child in _children(value)]
            if not level:
                return data
        raise too_deep


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


# ── Django's own error pages ─────────────────────────────────────────────────────────────────────────
def _in_plain_english(handler: Handler) -> Handler:
    """Older clients know one language: what this handler says to them is said in it."""

    @wraps(handler)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.path.startswith(_PLAIN_PATHS):
            return handler(request, *args, **kwargs)
        with translation.override("en"):
            return handler(request, *args, **kwargs)

    return answer


@_in_plain_english
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: the refusal behind the exception with its own status, else 400."""
    refusal = to_error_response(exception) or ErrorResponse(
        400, "bad_request", _("The request could not be understood.")
    )
    return _error_page(request, refusal)


@_in_plain_english
def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return _error_page(request, ErrorResponse(403, "permission_denied", _("Your role does not allow this.")))


@_in_plain_english
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404. It does not tell a missing object from one that this user may not see."""
    return _error_page(
        request, ErrorResponse(404, "not_found", _("This does not exist, or you may not see it."))
    )


@_in_plain_english
def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours; or 503 where something is away that a page needs, as the API says it too."""
    error = sys.exc_info()[1]  # Django calls this while it handles the exception, and hands none over
    refusal = to_error_response(error) if isinstance(error, Exception) else None
    if refusal is not None and refusal.status > 500:
        return _error_page(request, refusal)
    text = _("Something went wrong here. It has been noted; please try again.")
    return _error_page(request, ErrorResponse(500, "server_error", text))


@_in_plain_english
def refusal_page(request: HttpRequest, error: DemeterError) -> HttpResponse:
    """Answer what was refused before any view was asked."""
    refusal = to_error_response(error)
    assert refusal is not None, "every DemeterError is one"  # noqa: S101 - tells the type checker
    logger.info("%s: %s", refusal.code, refusal.text)
    return _error_page(request, refusal)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW: 403 with what the person can do; `reason` is not shown."""
    text = _("The page was open for too long, or cookies are switched off. Reload it and try again.")
    return _error_page(request, ErrorResponse(403, "csrf_failed", text))


def _error_page(request: HttpRequest, refusal: ErrorResponse) -> HttpResponse:
    """The page stands alone: no database, no session, nothing that may be what is broken."""
    if request.path.startswith(_PLAIN_PATHS):
        plain_body = {"detail": str(refusal.text)}
        return JsonResponse(plain_body, status=refusal.status, headers=dict(refusal.headers))
    if request.path.startswith(_JSON_PATHS):
        return JsonResponse(refusal.body(), status=refusal.status, headers=dict(refusal.headers))
    shown = {"refusal": refusal, "request_id": request_id_var.get(), **_page_texts(request, refusal)}
    page = render(request, "errors/page.html", shown, status=refusal.status)
    for name, value in refusal.headers.items():
        page[name] = value
    return page


def _page_texts(request: HttpRequest, refusal: ErrorResponse) -> dict[str, str]:
    """The heading; the address to try again where that may help; stylesheet and mark, if they can be found."""
    headings = {
        403: _("This is not allowed"),
        404: _("Not found"),
        413: _("Too large"),
        429: _("Too many requests"),
        500: _("Something went wrong"),
        503: _("Not available at the moment"),
    }
    may_help = refusal.status >= 429 or refusal.code == "csrf_failed"
    return {
        "heading": _("The page has expired")
        if refusal.code == "csrf_failed"
        else headings.get(refusal.status, _("This did not work")),
        "again": _page_of(request) if may_help else "",
        "stylesheet": _static_if_found("demeter/css/base.css"),
        "mark": _static_if_found("demeter/img/rosette.svg"),
    }


def _page_of(request: HttpRequest) -> str:
    """The page that was asked for, or the one that a form was sent from; empty if that is not known."""
    if request.method in ("GET", "HEAD"):
        return escape_leading_slashes(request.get_full_path())
    sent_from = request.META.get("HTTP_REFERER", "")
    is_ours = url_has_allowed_host_and_scheme(sent_from, allowed_hosts={request.META.get("HTTP_HOST", "")})
    return sent_from if is_ours else ""


def _static_if_found(name: str) -> str:
    """An address of a static file; empty where the list of collected files is what is broken."""
    try:
        return static(name)
    except ValueError:
        return ""
