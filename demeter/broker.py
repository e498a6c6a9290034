"""Asking a broker that may be away. Rows are the truth, so whoever waits for an answer never waits long for it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from kombu.exceptions import OperationalError

PAUSE_S: Final = 5.0  # a broker that did not answer is asked again after this
# kombu's own for a broker that cannot be reached or breaks off; a folder of the filesystem transport may be full.
_ERRORS: Final = (OperationalError, OSError)

_away_until = 0.0  # for all threads of this process


class BrokerAway(Exception):
    """The broker does not answer, or did not a moment ago."""


@contextmanager
def reachable_broker() -> Iterator[None]:
    """Send messages within this block. Raises BrokerAway where the broker does not answer.

    The first to find that out waits for it, for seconds (CELERY_BROKER_TRANSPORT_OPTIONS); those who come within the
    next PAUSE_S do not. Where somebody waits, messages are to be sent with `retry=False`.
    """
    global _away_until  # noqa: PLW0603 - one broker, one process
    if time.monotonic() < _away_until:
        raise BrokerAway("The broker did not answer a moment ago.")
    try:
        yield
    except _ERRORS as error:
        _away_until = time.monotonic() + PAUSE_S
        raise BrokerAway(f"The broker does not answer: {type(error).__name__}") from error
