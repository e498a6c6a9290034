"""Asking a view whether it wants a body, by the request's headers alone, before a byte of the body is received.

A view that takes large bodies names their limit and is called twice by the gateway: first without the body, to sign
the caller in, check what the caller may do and count the request; then, if it admitted the request, with the whole
body. Where no gateway asks (tests, other servers), it is called once, as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from demeter.serving.bodies import Sink

if TYPE_CHECKING:  # rest_framework's settings import modules that import this one
    from rest_framework.request import Request

META_KEY: Final = "demeter.admission"  # no header can be named like this


@dataclass
class Admission:
    """The question and its answer, handed along in `request.META`."""

    is_granted: bool = False
    token: Any = (
        None  # the bearer token as it was validated then: the body may take longer than its last minute
    )

    def grant(self, token: Any = None) -> None:
        self.is_granted = True
        self.token = token


def admission_of(request: HttpRequest | Request) -> Admission | None:
    """The admission that the gateway has put into a request; None where no gateway asks."""
    admission: Admission | None = request.META.get(META_KEY)
    return admission


def is_asked(request: HttpRequest | Request) -> bool:
    """Whether this call is about the headers alone."""
    admission = admission_of(request)
    return admission is not None and not admission.is_granted


def is_admitted(request: HttpRequest | Request) -> bool:
    """Whether this request was asked about before, and let in."""
    admission = admission_of(request)
    return admission is not None and admission.is_granted


@dataclass(frozen=True)
class LargeBody:
    """What a view takes. `sink_of` makes, of the request's headers, what reads its body while it arrives; None: raw.

    `is_awaited`: the view may wait for its answer (demeter.serving.waiting).
    """

    max_bytes: int
    sink_of: Callable[[Mapping[str, Any]], Sink | None]
    is_awaited: bool = False
    method: str = "POST"


def large_body_of(view: Callable[..., Any], method: str) -> LargeBody | None:
    """What a view that takes large bodies says of them; None for all others."""
    body: LargeBody | None = getattr(getattr(view, "cls", view), "large_body", None)
    return body if body is not None and body.method == method else None


def takes_large_body(body: LargeBody) -> Callable[[Callable[..., HttpResponseBase]], Any]:
    """The same for a page: to be put below the decorators that check who calls it."""

    def decorate(page: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(page)
        def asked_first(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            admission = admission_of(request)
            if admission is not None and not admission.is_granted:
                admission.grant()
                return HttpResponse()
            return page(request, *args, **kwargs)

        asked_first.large_body = body  # type: ignore[attr-defined]  # read by large_body_of
        return asked_first

    return decorate
