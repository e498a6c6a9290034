"""Telling what a store cannot do just now from what it does not have.

Whatever a disk or an S3 store says beside "there is no such object" is an outage: it lasts as long as it lasts, and is
never the fault of a picture. What it said exactly goes to the log alone, for it names hosts and folders.
"""

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from django.utils.translation import gettext_lazy as _  # raised where no language is active, too
from urllib3.exceptions import HTTPError

from photos.errors import StoreFull, StoreUnavailable

logger = logging.getLogger(__name__)

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
_INSUFFICIENT_STORAGE: Final = 507


@contextmanager
def outages_reported() -> Iterator[None]:
    """Turn what a disk or an S3 store raises into StoreFull or StoreUnavailable. FileNotFoundError passes through."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, ClientError, BotoCoreError, HTTPError) as error:
        logger.warning("A store of pictures failed: %s: %s", type(error).__name__, error)
        raise (store_full() if _is_full(error) else store_unavailable()) from error


def store_unavailable(retry_after_s: float | None = None) -> StoreUnavailable:
    """The refusal while a store does not answer: 503, and a task tries again."""
    return StoreUnavailable(
        _("The store of pictures does not answer just now. Try again in a few minutes."),
        retry_after_s=retry_after_s,
    )


def store_full() -> StoreFull:
    """The refusal while a store has no room."""
    return StoreFull(_("The store of pictures is full. Tell whoever runs this system, then try again."))


def http_status(error: ClientError) -> int:
    """The status of an S3 store's refusal; 0 if it gave none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_missing_object(error: ClientError) -> bool:
    """Whether the bucket answered that it has no such object. A bucket that is gone is an outage."""
    return http_status(error) == 404 and error.response.get("Error", {}).get("Code") != "NoSuchBucket"


def _is_full(error: Exception) -> bool:
    if isinstance(error, ClientError):
        return http_status(error) == _INSUFFICIENT_STORAGE
    return isinstance(error, OSError) and error.errno in _NO_ROOM
