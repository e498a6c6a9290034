"""What the gateway has to say about a request, said inside Django: in its language, form and headers."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from demeter.api_errors import refusal_page
from demeter.errors import DemeterError
from demeter.serving.admission import is_asked

REFUSAL_KEY: Final = "demeter.refusal"  # in `request.META`; no header can be named like this


class GatewayMiddleware:
    """Answers what the gateway has refused already, and asks for no CSRF token while a body is still to come."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        refusal: DemeterError | None = request.META.get(REFUSAL_KEY)
        if refusal is not None:
            return refusal_page(request, refusal)
        if is_asked(request):
            # The token may be a field of the form. Nothing is done yet, and it is checked with the whole body.
            request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # Django's own name for it
        return self.get_response(request)
