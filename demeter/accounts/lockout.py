"""Sign-in lock-out: the pair of an account and an address is locked, never an account and never an address.

So nobody who fails from elsewhere locks a person out, and one client's failures lock no other account behind the same
proxy. Locks are rows of django-axes: they need no cache and outlive a restart. Successes are never counted, and one
deletes the failures of its pair. What is counted does not depend on whether the account exists.

A browser that has signed in to an account before is counted by its own cookie instead of its address. So even where
all clients share one address (a proxy that is not trusted), an attacker behind it does not lock out the people whose
browsers are known. See OWASP, "Slow down online guessing attacks with device cookies".
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from demeter.accounts.models import User

FIRST_LOCK: Final = timedelta(minutes=1)  # doubled by each further failure
LONGEST_LOCK: Final = timedelta(minutes=15)
_NO_ADDRESS: Final = "::"  # of a known browser, or where there is none: a row without one would not be unique
_DEVICE_COOKIE: Final = "known_device"
_DEVICE_SALT: Final = "demeter.accounts.lockout.device"
_DEVICE_KEPT_S: Final = 365 * 24 * 3600


class GrowingLockHandler(AxesDatabaseHandler):
    """Locks a pair for a minute after LOGIN_FAILURES_PER_HOUR failures, and twice as long after each further one.

    The count ends with a success, or AXES_COOLOFF_TIME after the last failure. Tries during a lock do not lengthen it.
    """

    def is_locked(self, request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> bool:
        return self.locked_until(request, credentials) is not None

    def locked_until(
        self, request: HttpRequest, credentials: Mapping[str, Any] | None = None
    ) -> datetime | None:
        """When the lock of a pair ends; None if it is not locked."""
        [attempts] = self.get_user_attempts(request, credentials)
        attempt = attempts.first()  # of one pair there is one row
        if attempt is None or attempt.failures_since_start < settings.LOGIN_FAILURES_PER_HOUR:
            return None
        doublings = min(attempt.failures_since_start - settings.LOGIN_FAILURES_PER_HOUR, 10)
        ends_at: datetime = attempt.attempt_time + min(FIRST_LOCK * 2**doublings, LONGEST_LOCK)
        return ends_at if ends_at > timezone.now() else None


def attempt_of(*, address: str, device: str) -> HttpRequest:
    """What axes is told of an attempt to sign in: who asks, and nothing else of what the client sent.

    The client's own request would be kept with its form, of any size, and with one row for each User-Agent.
    """
    attempt = HttpRequest()
    attempt.META = {
        "REMOTE_ADDR": _NO_ADDRESS if device else address or _NO_ADDRESS,
        "HTTP_USER_AGENT": device,
    }
    return attempt


def locked_until(attempt: HttpRequest, email: str) -> datetime | None:
    """When this attempt's lock ends; None if it is not locked. `email` in normal form."""
    AxesProxyHandler.update_request(attempt)
    ends_at: datetime | None = AxesProxyHandler.get_implementation().locked_until(
        attempt, {"username": email}
    )
    return ends_at


def forget_failures(attempt: HttpRequest, email: str) -> None:
    """Delete the failures of a pair whose password was right. `email` in normal form."""
    AxesProxyHandler.get_implementation().reset_user_attempts(attempt, {"username": email})


def clear_old_failures() -> int:
    """Delete the counts that have ended; the number of rows."""
    deleted, _by_model = AccessAttempt.objects.filter(
        attempt_time__lt=timezone.now() - settings.AXES_COOLOFF_TIME
    ).delete()
    return int(deleted)


# ── browsers that have signed in before ──────────────────────────────────────────────────────────────
def device_of(request: HttpRequest, email: str) -> str:
    """The name of a browser that has signed in to this account before; empty for any other."""
    value = request.get_signed_cookie(_DEVICE_COOKIE, "", salt=_DEVICE_SALT, max_age=_DEVICE_KEPT_S) or ""
    user_id, _colon, device = value.partition(":")
    if not device:
        return ""
    email = User.objects.normalize_email(email)
    return device if User.objects.filter(pk=user_id, email=email).exists() else ""


def remember_device(response: HttpResponse, user: User) -> None:
    """Give a browser that has just signed in a cookie of its own, sent to the sign-in page alone."""
    response.set_signed_cookie(
        _DEVICE_COOKIE,
        f"{user.pk}:{secrets.token_hex(16)}",
        salt=_DEVICE_SALT,
        max_age=_DEVICE_KEPT_S,
        path=reverse("sign-in"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
