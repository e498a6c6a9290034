"""What keeps the models of this machine from counting."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext_lazy as _

from demeter.errors import TemporaryError

logger = logging.getLogger(__name__)


class ModelUnavailable(TemporaryError):
    """Weights are missing, altered or unreadable, or a setting is wrong: no photo counts until a person mends it."""

    code = "model_unavailable"


class ModelFault(TemporaryError):
    """A network broke off where it ran: its memory was full, its device is gone, its library failed.

    Pictures reach it as tiles of one size, so it is hardly their fault. Where others go well meanwhile it may be.
    """

    code = "model_fault"
    may_lie_in_input = True


def model_unavailable(retry_after_s: float | None = None) -> ModelUnavailable:
    """The refusal while nothing is asked of the models."""
    return ModelUnavailable(
        _("The models do not work just now. The photo is counted by itself when they do."),
        retry_after_s=retry_after_s,
    )


def model_fault() -> ModelFault:
    """What a network that broke off is told as."""
    return ModelFault(_("The model broke off while it counted. The work goes on by itself."))


@contextmanager
def model_faults_reported() -> Iterator[None]:
    """Turn what the library of a network raises into ModelFault; what exactly that was goes to the log alone."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        logger.warning("A network failed: %s: %s", type(error).__name__, error)
        raise model_fault() from error
