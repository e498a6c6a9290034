"""How often sign-in failed lately, from an address and for an e-mail. Successes are never counted.

Kept in the cache: a lost count costs nothing but a few more guesses.
"""

import hashlib
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _

from demeter.accounts.errors import TooManyFailures

WINDOW_S: Final = 3600  # a failure is forgotten an hour after the last one


def check_failures(*, email: str, address: str) -> None:
    """Raise TooManyFailures if this address or this e-mail failed too often within the last hour."""
    counts = cache.get_many(_keys(email, address)).values()
    if any(count >= settings.LOGIN_FAILURES_PER_HOUR for count in counts):
        raise TooManyFailures(
            _("Too many wrong passwords. Wait an hour and try again."), retry_after_s=WINDOW_S
        )


def note_failure(*, email: str, address: str) -> None:
    """Count one failure for the address and one for the e-mail."""
    for key in _keys(email, address):
        cache.add(key, 0, WINDOW_S)
        try:
            cache.incr(key)
        except ValueError:  # it expired between the two calls
            cache.set(key, 1, WINDOW_S)
        cache.touch(key, WINDOW_S)  # some caches give a counted-up value their own default life


def _keys(email: str, address: str) -> list[str]:
    """Hashed: an e-mail holds characters that cache keys may not, and the cache need not know it."""
    named = {"email": email.strip().lower(), "address": address}
    return [
        f"sign-in-failures:{kind}:{hashlib.sha256(value.encode()).hexdigest()}"
        for kind, value in named.items()
    ]
