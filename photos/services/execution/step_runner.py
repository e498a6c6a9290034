"""Running one step from its claim to its end: what every task of the pipeline shares."""

import errno
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection
from django.utils.translation import gettext as _

from demeter.errors import DemeterError
from photos.errors import StepLost, StoreUnavailable
from photos.services.execution.step_failures import fail_permanently, retry_or_fail, wait_out
from photos.services.steps.claims import DATABASE_AWAY, Claim, claim_step, hold_lease

logger = logging.getLogger(__name__)

# What a disk says that is full, read-only or broken, and a machine that has no file handle left.
_DISK_AWAY: Final = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE)
_DATABASE_CHECK_EVERY_S: Final = 2.0


def run_step(
    step_id: int, work: Callable[[Claim], None], *, photo_faults: tuple[type[Exception], ...] = ()
) -> bool:
    """Claim a step and do its work. False if there was nothing to do: finished, held by another, or not yet due.

    `photo_faults` are errors that lie in the picture. They and refusals end the step. An outage (a store, the disk, the
    database) puts it back for as long as it lasts. Anything else may be ours or the photo's: it uses up a try and
    is raised, so that it is seen.
    """
    claim = claim_step(step_id)
    if claim is None:
        return False
    with ending_of(claim, photo_faults), hold_lease(claim):
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
    except StoreUnavailable as error:
        _end(wait_out, claim, error.code, str(error))
    except photo_faults as error:
        _end(fail_permanently, claim, str(getattr(error, "code", "unreadable_image")), str(error))
    except DemeterError as error:
        _end(fail_permanently, claim, error.code, str(error))
    except DATABASE_AWAY as error:
        logger.warning("Step %s waits for the database: %s", claim.step_id, error)
        _end(
            wait_out,
            claim,
            "database_unavailable",
            _("The database did not answer. The work goes on by itself."),
        )
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _DISK_AWAY:
            logger.warning("Step %s waits for the disk: %s", claim.step_id, error)
            _end(
                wait_out,
                claim,
                "disk_unavailable",
                _("A disk is full or not there. The work goes on by itself."),
            )
            return
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
