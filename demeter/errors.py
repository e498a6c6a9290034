"""The roots of all expected errors, and the one place that says which of them are tried again."""

import errno
from typing import ClassVar, Final

from django.core.exceptions import BadRequest
from django.db import InterfaceError, OperationalError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _  # raised where no language is active, too

DATABASE_AWAY: Final = (OperationalError, InterfaceError)
# What a disk says that is full, read-only or broken, and a machine that has no file handle left.
_DISK_AWAY: Final = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE)


class DemeterError(BadRequest):
    """An expected refusal: answered with its code and status, logged at INFO. Tried again only as a TemporaryError.

    As a BadRequest it reaches `handler400`, which answers with its status, also where no view catches it: a form is
    read by the CSRF middleware, before any view.

    The message is a sentence for a person and says what to do, lazy where no language is active yet. Details are
    facts for the client.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400

    def __init__(self, message: str | Promise, **details: object) -> None:
        super().__init__(message)  # the one positional argument, so that a worker can pickle the error
        self.details = details


class TemporaryError(DemeterError):
    """A service that is away: it can pass by itself. What met it waits, and uses up none of its tries.

    retry_after_s: before which trying again is in vain, where that is known. faults_in_row: how many calls of the
    service had failed when a circuit breaker noted this one; 0 where none did.
    """

    code, status = "temporarily_unavailable", 503
    # Whether the first of several faults in a row may lie in what was asked: that one uses up a try.
    may_lie_in_input: ClassVar[bool] = False

    def __init__(
        self, message: str | Promise, *, retry_after_s: float | None = None, **details: object
    ) -> None:
        super().__init__(message, **details)
        self.retry_after_s = retry_after_s
        self.faults_in_row = 0

    @property
    def uses_up_a_try(self) -> bool:
        """Whether this may be the fault of what was asked: others before it went well."""
        return self.may_lie_in_input and self.faults_in_row <= 1


class PermanentError(DemeterError):
    """What trying again cannot mend: it ends what met it."""


class ValidationError(PermanentError):
    """What was sent cannot be taken as it is: whoever sent it has to change it."""


class DatabaseUnavailable(TemporaryError):
    """The database refuses, does not answer, or has broken off."""

    code = "database_unavailable"


class DiskUnavailable(TemporaryError):
    """A disk of this machine is full, read-only or broken."""

    code = "disk_unavailable"


def as_temporary(error: BaseException) -> TemporaryError | None:
    """The outage that an error tells of; None if it tells of none.

    Whoever tries anything again asks here. Beside TemporaryError it knows what drivers and disks raise.
    """
    if isinstance(error, TemporaryError):
        return error
    if isinstance(error, DATABASE_AWAY):
        return DatabaseUnavailable(_("The database did not answer. The work goes on by itself."))
    if isinstance(error, OSError) and error.errno in _DISK_AWAY:
        return DiskUnavailable(_("A disk is full or not there. The work goes on by itself."))
    return None
