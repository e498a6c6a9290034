"""What the first request of a process would otherwise wait for."""

from contextlib import suppress

from celery import current_app
from django.conf import settings
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils import translation


def warm_up() -> None:
    """Import every view, compile the addresses in each language, and import what sends messages: .1–.2 s of work."""
    with suppress(Resolver404):
        resolve("/")
    for code, _name in settings.LANGUAGES:
        with translation.override(code), suppress(NoReverseMatch):
            reverse("home")
    current_app.finalize()
    for lazy in ("amqp", "backend"):
        getattr(current_app, lazy)
