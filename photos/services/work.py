"""Running one step from its claim to its end: what every task of the pipeline shares."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from django.db import OperationalError

from demeter.errors import DemeterError
from photos.errors import StepLost, StoreUnavailable
from photos.services.endings import give_up, try_later
from photos.services.steps import Claim, claim_step, hold_lease

logger = logging.getLogger(__name__)

# What the store says when it is tired rather than when we are wrong.
_PASSING_S3_CODES: Final = {
    "SlowDown",
    "InternalError",
    "ServiceUnavailable",
    "RequestTimeout",
    "500",
    "502",
    "503",
    "504",
}


def run_step(
    step_id: int, work: Callable[[Claim], None], *, photo_faults: tuple[type[Exception], ...] = ()
) -> bool:
    """Claim a step and do its work. False if there was nothing to do: finished, held by another, or not yet due.

    `photo_faults` are errors that lie in the picture. They and refusals end the step; what can pass by itself puts
    it back; anything else ends it and is raised, so that it is seen.
    """
    claim = claim_step(step_id)
    if claim is None:
        return False
    with ending_of(claim, photo_faults), hold_lease(claim):
        work(claim)
    return True


@contextmanager
def ending_of(claim: Claim, photo_faults: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """End a claimed step as the errors of the body tell; what is nobody's fault but ours is raised, see `run_step`."""
    try:
        yield
    except StepLost:
        logger.info("Step %s went to another worker; this one's result is dropped.", claim.step_id)
    except StoreUnavailable as error:
        _end(try_later, claim, error.code, str(error))
    except photo_faults as error:
        _end(give_up, claim, str(getattr(error, "code", "unreadable_image")), str(error))
    except DemeterError as error:
        _end(give_up, claim, error.code, str(error))
    except Exception as error:
        if is_passing(error):
            logger.warning("Step %s is tried again: %s", claim.step_id, error)
            _end(try_later, claim, type(error).__name__, str(error))
            return
        _end(give_up, claim, "internal_error", f"{type(error).__name__}: {error}")
        raise


def _end(ending: Callable[..., None], claim: Claim, code: str, message: str) -> None:
    try:
        ending(claim, code=code, message=message)
    except StepLost:
        logger.info("The step had gone to another worker before it could be ended.")


def is_passing(error: BaseException) -> bool:
    """Whether a fault can pass by itself: the store, the disk, a lock, memory. Bad data never does."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "")) in _PASSING_S3_CODES
    return isinstance(error, OSError | OperationalError | BotoCoreError | MemoryError)
