"""How many wrong passwords one address may send in a while, whatever accounts they are for.

Each costs a password hash, some tenths of a second of a core, also for an e-mail that does not exist. The lock of a
pair (demeter.accounts.lockout) never closes for one who invents an e-mail each time, and the hashes would leave the web
server no time for anybody else. The budget is generous, as a whole nursery may share one address, and successes cost
nothing. Where the address is not the client's own there is none: a stranger would spend it for all.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.request import Request

from demeter.accounts.addresses import address_of, is_clients_own
from demeter.accounts.errors import BadCredentials, TooManyFailures, WrongPassword

WINDOW_S: Final = 600


@contextmanager
def failure_budget(request: HttpRequest | Request) -> Iterator[None]:
    """Check a password within the block: refused with TooManyFailures before that where the budget is spent."""
    address = address_of(request)
    if not address or not is_clients_own(request):
        yield
        return
    window, elapsed_s = divmod(int(time.time()), WINDOW_S)
    key = f"sign-in-failures:{address}:{window}"
    if (cache.get(key) or 0) >= _allowed():
        wait_s = WINDOW_S - elapsed_s
        raise TooManyFailures(
            _("Too many wrong passwords. Wait %(minutes)d min and try again.")
            % {"minutes": -(-wait_s // 60)},
            retry_after_s=wait_s,
        )
    try:
        yield
    except (BadCredentials, WrongPassword):
        if not cache.add(key, 1, timeout=WINDOW_S):
            with suppress(ValueError):  # it has just ended
                cache.incr(key)
        raise


def _allowed() -> int:
    """Without a cache server each process counts for itself, and allows its share (as demeter.throttling)."""
    if settings.CACHE_URL:
        return int(settings.LOGIN_FAILURES_PER_ADDRESS)
    return max(1, settings.LOGIN_FAILURES_PER_ADDRESS // settings.WEB_PROCESSES)
