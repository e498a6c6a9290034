"""Fewer bytes on the way: text is compressed, and an answer that the client still has is not sent again."""

from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.middleware.http import ConditionalGetMiddleware

_TEXT: Final = ("text/", "application/json", "application/geo+json", "application/vnd.oai", "image/svg+xml")
_JSON: Final = ("application/json", "application/geo+json")


class TextGZipMiddleware(GZipMiddleware):
    """Django's, which adds random bytes against BREACH, for text alone: pictures are compressed as they are."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not response.get("Content-Type", "").startswith(_TEXT):
            return response
        return super().process_response(request, response)


class JsonConditionalGetMiddleware(ConditionalGetMiddleware):
    """Django's, for JSON alone: an ETag of the content, and 304 to whoever has it.

    Pages never match: each carries another CSRF token.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not response.get("Content-Type", "").startswith(_JSON) or response.status_code != 200:
            return response
        response.setdefault("Cache-Control", "private, no-cache")  # kept by the client alone, and asked about
        return super().process_response(request, response)
