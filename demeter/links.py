"""Links in answers of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from django.http import HttpRequest

if TYPE_CHECKING:
    from rest_framework.request import Request


@overload
def absolute_link(request: Request | HttpRequest, url: str) -> str: ...


@overload
def absolute_link(request: Request | HttpRequest, url: str | None) -> str | None: ...


def absolute_link(request: Request | HttpRequest, url: str | None) -> str | None:
    """Give the whole address of one of ours; of the object store it is whole already. None stays None.

    A client need not know under which address it reached us.
    """
    return request.build_absolute_uri(url) if url else None
