"""What answers tell a browser to refuse: foreign scripts, inline code, and what a page needs of a device."""

import logging
from collections.abc import Callable
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError
from csp.constants import NONE
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.core.files.storage import storages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

logger = logging.getLogger(__name__)

#: Answers that are no pages load nothing, wherever a browser shows them.
_DATA: Final = {"default-src": [NONE], "frame-ancestors": [NONE]}
#: Where pages show pictures from.
_STORES: Final = ("default", "processed", "staging")


class SecurityHeadersMiddleware(CSPMiddleware):
    """django-csp's, with what pages of others need and with the store's address; and Permissions-Policy."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response = super().process_response(request, response)
        if _is_page(response):
            response.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        return response

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not _is_page(response):
            parts.config = _DATA
            return parts
        update: dict[str, list[Any]] = {"img-src": self._store_origins, "connect-src": self._store_origins}
        for path, directives in settings.CONTENT_SECURITY_POLICY_OF_OTHERS.items():
            if request.path_info.startswith(path):
                update |= {name: [*update.get(name, []), *values] for name, values in directives.items()}
        parts.update = update
        return parts

    @property
    def _store_origins(self) -> list[str]:
        """The hosts that signed links lead to. None while links cannot be signed: a page needs no picture to answer."""
        try:
            return self._signed_origins
        except BotoCoreError as error:
            logger.warning("No link to the store can be signed: %s", error)
            return []

    @cached_property
    def _signed_origins(self) -> list[str]:
        """None where the pictures lie in folders of this machine."""
        links = (urlsplit(storages[alias].url("picture")) for alias in _STORES)
        return sorted({f"{link.scheme}://{link.netloc}" for link in links if link.netloc})


def _is_page(response: HttpResponseBase) -> bool:
    """Or the script of a service worker, whose own requests keep to the policy that it came with."""
    return bool(response.get("Content-Type", "").startswith(("text/html", "text/javascript")))
