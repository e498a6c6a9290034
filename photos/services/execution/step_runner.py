"""Running one step from its claim to its end: what every task of the pipeline shares."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from django.db import connection
from django.utils.translation import gettext as _

from demeter.errors import DATABASE_AWAY, DemeterError, as_temporary
from demeter.middleware import caused_by
from photos.errors import StepLost
from photos.services.execution.step_failures import fail_permanently, retry_or_fail, wait_out
from photos.services.steps.claims import Claim, claim_step, hold_lease

logger = logging.getLogger(__name__)

_DATABASE_CHECK_EVERY_S: Final = 2.0


def run_step(
    step_id: int, work: Callable[[Claim], None], *, photo_faults: tuple[type[Exception], ...] = ()
) -> bool:
    """Claim a step and do its work. False if there was nothing to do: finished, held by another, or not yet due.

    `photo_faults` are errors that lie in the picture. They and refusals end the step. An outage
    (`demeter.errors.as_temporary`) puts it back for as long as it lasts. Anything else may be ours or the photo's: it
    uses up a try and is raised, so that it is seen. All of it is in the log under the id of the step's request.
    """
    claim = claim_step(step_id)
    if claim is None:
        return False
    with caused_by(claim.request_id), ending_of(claim, photo_faults), hold_lease(claim):
        work(claim)
    return True


@contextmanager
def ending_of(claim: Claim, photo_faults: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """End a claimed step as the errors of the body tell, see `run_step`.

    What is written to rows is for users: it names no host, no folder and no line of code. The rest is in the log.
    """
    try:
        yield
    except StepLost:
        logger.info("Step %s went to another worker; this one's result is dropped.", claim.step_id)
    except Exception as error:
        outage = as_temporary(error)
        if outage is not None:
            logger.warning("Step %s meets %s: %s", claim.step_id, outage.code, error)
            if outage.uses_up_a_try:
                _end(retry_or_fail, claim, outage.code, str(outage))
            else:
                waiting = partial(wait_out, retry_after_s=outage.retry_after_s)
                _end(waiting, claim, outage.code, str(outage))
        elif isinstance(error, DemeterError):
            _end(fail_permanently, claim, error.code, str(error))
        elif isinstance(error, photo_faults):
            _end(fail_permanently, claim, str(getattr(error, "code", "unreadable_image")), str(error))
        else:
            _end(
                retry_or_fail,
                claim,
                "internal_error",
                _("Something went wrong on our side. Count the photo again; if it happens again, tell us."),
            )
            raise


def _end(ending: Callable[..., None], claim: Claim, code: str, message: str) -> None:
    """Write how a step ended. A database that is away is waited for: nothing else could be done without it."""
    while True:
        try:
            return ending(claim, code=code, message=message)
        except StepLost:
            return logger.info("Step %s had gone on before it could be ended.", claim.step_id)
        except DATABASE_AWAY as error:
            logger.warning("The end of step %s waits for the database: %s", claim.step_id, error)
            connection.close()
            time.sleep(_DATABASE_CHECK_EVERY_S)
