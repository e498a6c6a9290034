"""What is refused about a request before any view sees it."""

from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from demeter.errors import DemeterError


class RequestTooLarge(DemeterError):
    """The request as a whole has more bytes than its address takes."""

    code, status = "request_too_large", 413


class RequestTooSlow(DemeterError):
    """The body did not arrive within its deadline."""

    code, status = "request_too_slow", 408


class RequestIncomplete(DemeterError):
    """The body ended before it was whole."""

    code, status = "request_incomplete", 400


class ServerBusy(DemeterError):
    """More is under way than this server takes at once; it passes by itself."""

    code, status = "server_busy", 503


class DiskFull(DemeterError):
    """No room is left where bodies are received."""

    code, status = "disk_full", 507


class DiskUnavailable(DemeterError):
    """The disk on which bodies are received cannot be written to."""

    code, status = "disk_unavailable", 503


def _text_of_limit(limit_bytes: int) -> str:
    return _("At most %(limit)d MB can be sent at once.") % {"limit": limit_bytes // 1024**2}


_limit_text = lazy(_text_of_limit, str)


# The texts are lazy: they are raised where no language is active, and read where the request's is.
def too_large(limit_bytes: int) -> RequestTooLarge:
    """The refusal of a request of more than `limit_bytes`, with the limit in MB."""
    return RequestTooLarge(_limit_text(limit_bytes), limit_bytes=limit_bytes)


def too_slow() -> RequestTooSlow:
    """The refusal of a body that missed its deadline."""
    return RequestTooSlow(
        gettext_lazy(
            "The request arrived too slowly and was given up. Nothing of it was kept; please send it again."
        )
    )


def incomplete() -> RequestIncomplete:
    """The refusal of a body that ended before its announced length."""
    return RequestIncomplete(
        gettext_lazy("The request broke off before its end. Nothing of it was kept; please send it again.")
    )


def busy() -> ServerBusy:
    """The refusal of a request beyond what the server takes at once; to be sent again after 5 s."""
    return ServerBusy(
        gettext_lazy("The server has more to do than it can take. Please try again in a moment."),
        retry_after_s=5,
    )


def disk_full() -> DiskFull:
    """The refusal of a body for which the disk has no room."""
    return DiskFull(gettext_lazy("The server has no room left for what you sent. Nothing of it was kept."))


def disk_unavailable() -> DiskUnavailable:
    """The refusal of a body that the disk did not take; to be sent again after 10 s."""
    return DiskUnavailable(
        gettext_lazy("The server cannot keep what you sent just now. Please try again in a moment."),
        retry_after_s=10,
    )
