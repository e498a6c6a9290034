"""One id for all that a request causes, and what every request must be before a view reads it."""

import logging
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

NO_REQUEST: Final = "-"
request_id_var: ContextVar[str] = ContextVar("request_id", default=NO_REQUEST)
_ACCEPTED_ID = re.compile(r"[A-Za-z0-9-]{8,64}")  # a client's id ends in log lines: nothing else is let in


def request_id_at_hand() -> str:
    """The id of the request that causes what is done now; empty where none does."""
    request_id = request_id_var.get()
    return "" if request_id == NO_REQUEST else request_id


@contextmanager
def caused_by(request_id: str) -> Iterator[None]:
    """Do the body in the name of this request; an empty id leaves the one at hand."""
    token = request_id_var.set(request_id or request_id_var.get())
    try:
        yield
    finally:
        request_id_var.reset(token)


class RequestIdMiddleware:
    """Takes the client's X-Request-Id or makes one, and returns it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if _ACCEPTED_ID.fullmatch(given) else uuid.uuid4().hex
        token = request_id_var.set(request_id)
        try:
            response = self.get_response(request)
        finally:
            request_id_var.reset(token)
        response["X-Request-Id"] = request_id
        return response


class RequestFormMiddleware:
    """Refuses NUL in addresses, which no text of PostgreSQL holds, and reads media types in any case (RFC 9110)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if "\0" in request.path or "\0" in query or "%00" in query:
            raise BadRequest("The address holds a NUL character.")
        media_type, semicolon, parameters = request.META.get("CONTENT_TYPE", "").partition(";")
        request.META["CONTENT_TYPE"] = f"{media_type.strip().lower()}{semicolon}{parameters}"
        return self.get_response(request)


class RequestIdFilter(logging.Filter):
    """Puts the request's id on each log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id_var.get()
        return True
