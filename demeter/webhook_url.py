"""The address of a webhook, as a person types it in."""

from typing import Final
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

PORTS: Final = {"http": 80, "https": 443}


def check_webhook_url(url: str) -> SplitResult:
    """The parts of a webhook's address. Raises ValidationError where it is none, or holds a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValidationError(_("This is no address of a webhook."), code="invalid") from error
    if parts.scheme not in PORTS or not parts.hostname or port == 0 or any(ord(sign) <= 32 for sign in url):
        raise ValidationError(_("This is no address of a webhook."), code="invalid")
    if parts.username or parts.password:
        raise ValidationError(_("An address with a password in it is not taken."), code="invalid")
    return parts
