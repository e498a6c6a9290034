"""Which count of a photo a form is about: the one that a person has seen, not the one that is the newest by then."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from photos.errors import CountReplaced, FindingsChanged
from photos.models import ProcessingSession


class SeenCount(NamedTuple):
    """A count by its number, and the version of its findings; two zeros where the photo had no count yet."""

    attempt: int
    version: int


def seen_value(image_id: UUID, session: ProcessingSession | None) -> str:
    """The photo with the count that is shown now, as a form sends it."""
    return seen_text(image_id, _shown(session))


def seen_text(image_id: UUID, seen: SeenCount) -> str:
    """`photo:number of the count:version of its findings`."""
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


def check_seen(session: ProcessingSession | None, seen: SeenCount) -> None:
    """Raises CountReplaced if the photo was counted again since, FindingsChanged if somebody has corrected the count.

    The number goes before the version: each count's findings begin at version 1.
    """
    shown = _shown(session)
    if shown.attempt != seen.attempt:
        raise CountReplaced(_("A newer count of this photo stands. Look at that one first."))
    if shown.version != seen.version:
        raise FindingsChanged(_("Somebody else has corrected this count meanwhile. Look at what it is now."))


def _shown(session: ProcessingSession | None) -> SeenCount:
    return SeenCount(session.attempt, session.version) if session else SeenCount(0, 0)
