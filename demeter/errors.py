"""The root of all expected refusals."""

from typing import ClassVar

from django.core.exceptions import BadRequest
from django.utils.functional import Promise


class DemeterError(BadRequest):
    """An expected refusal: answered with its code and status, logged at INFO, never retried.

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
