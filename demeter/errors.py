"""The root of all expected refusals."""

from typing import ClassVar

from django.utils.functional import Promise


class DemeterError(Exception):
    """An expected refusal: answered with its code and status, logged at INFO, never retried.

    The message is a sentence for a person and says what to do, lazy where no language is active yet. Details are
    facts for the client.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400

    def __init__(self, message: str | Promise, **details: object) -> None:
        super().__init__(message)  # the one positional argument, so that a worker can pickle the error
        self.details = details
