"""Corrections that wait for a person's word."""

from dataclasses import dataclass

from photos.models import Correction, ProcessingSession
from photos.services.corrections.sums import Sums, correct_sums


@dataclass(frozen=True)
class Draft:
    """What a count would be with corrections that nobody has validated yet, and the last one of them."""

    sums: Sums
    last: Correction


def draft_of(session: ProcessingSession) -> Draft | None:
    """The corrections of a count that are not validated; None where there are none."""
    if session.version == (session.validated_version or 1):
        return None
    last = session.corrections.select_related("user").order_by("-version").first()
    return None if last is None else Draft(correct_sums(session).photo, last)
