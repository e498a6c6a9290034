"""Which count of a photo a form is about: the one that a person has seen, not the one that is the newest by then."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from photos.errors import CountReplaced
from photos.models import ProcessingSession


class SeenCount(NamedTuple):
    """A count by its number, and the version of its findings; two zeros where the photo had no count yet."""

    attempt: int
    version: int


def seen_value(image_id: UUID, session: ProcessingSession | None) -> str:
    """`photo:number of the count:version of its findings`, as a form sends it."""
    seen = SeenCount(session.attempt, session.version) if session else SeenCount(0, 0)
    return f"{image_id}:{seen.attempt}:{seen.version}"


def read_seen(values: Iterable[str]) -> dict[UUID, SeenCount | None]:
    """The photos that a form names, with the count that was seen, None for a photo alone. Nonsense names none."""
    named: dict[UUID, SeenCount | None] = {}
    for value in values:
        image_id, *numbers = value.split(":")
        try:
            named[UUID(image_id)] = SeenCount(*map(int, numbers)) if numbers else None
        except (ValueError, TypeError):  # TypeError: too few or too many numbers
            continue
    return named


def check_seen(session: ProcessingSession, seen: SeenCount) -> None:
    """Raises CountReplaced if the photo was counted again since: each count's findings begin at version 1."""
    if session.attempt != seen.attempt:
        raise CountReplaced(_("A newer count of this photo stands. Look at that one and validate it."))
