"""The names of photos that a browser sent after its session had ended, kept for it until somebody has signed in.

A signed cookie carries them, so the server keeps nothing for people who are not signed in, and only this browser can
read them.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.text import Truncator

from photos.services.intake.upload_validation import clean_filename

_COOKIE = "photos_not_taken"
_KEPT_S = 3600
_MAX_NAMES = 20
_MAX_NAME_LENGTH = 60
_MAX_COOKIE_BYTES = 3500  # browsers drop a cookie beyond 4096 with its name and attributes


@dataclass(frozen=True)
class NotTaken:
    """The first names, and how many photos there were beside them. Both are empty where no name arrived."""

    names: list[str]
    others: int


def remember(response: HttpResponse, names: list[str]) -> None:
    """Have the browser keep that photos were not taken, with as many of their names as a cookie holds."""
    kept = [Truncator(clean_filename(name)).chars(_MAX_NAME_LENGTH) for name in names[:_MAX_NAMES]]
    while len(value := _signed(kept, len(names) - len(kept))) > _MAX_COOKIE_BYTES:
        kept.pop()
    response.set_cookie(
        _COOKIE,
        value,
        max_age=_KEPT_S,
        path=reverse("upload"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def read(request: HttpRequest) -> NotTaken | None:
    """What this browser sent in vain; None if nothing, or if the cookie is not one of ours."""
    try:
        kept: Any = signing.loads(request.COOKIES.get(_COOKIE, ""), salt=_COOKIE, max_age=_KEPT_S)
    except signing.BadSignature:
        return None
    return NotTaken(names=kept["names"], others=kept["others"])


def forget(response: HttpResponse) -> None:
    """Have the browser drop the names: they are shown."""
    response.delete_cookie(_COOKIE, path=reverse("upload"), samesite="Lax")


def _signed(names: list[str], others: int) -> str:
    return signing.dumps({"names": names, "others": others}, salt=_COOKIE, compress=True)
