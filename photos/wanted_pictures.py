"""Which pictures an answer lacks: thumbnails and drawings are kept for a time only, full pictures made on wish only.

Links are made in many places, most of them deep within a list (photos.image_urls). Each only notes what it cannot link
to; the middleware has all of it made again at once, when the answer is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from photos.models import Image


@dataclass
class WantedPictures:
    """Photos by their ids: those whose thumbnail was asked for in vain, of which a drawing was, or the full picture."""

    thumbnails: set[UUID] = field(default_factory=set)
    drawings: set[UUID] = field(default_factory=set)
    full_pictures: set[UUID] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.thumbnails or self.drawings or self.full_pictures)


_wanted: ContextVar[WantedPictures | None] = ContextVar("wanted_pictures", default=None)


@contextmanager
def noting_wanted_pictures() -> Iterator[WantedPictures]:
    """Note what is wanted within the block. Outside of one nothing is."""
    wanted = WantedPictures()
    token = _wanted.set(wanted)
    try:
        yield wanted
    finally:
        _wanted.reset(token)


def want_thumbnail(image: Image) -> None:
    """Note that a photo's thumbnail is not there. Of a photo too new to be cleared it is only still to come."""
    wanted = _wanted.get()
    if wanted is not None and _may_be_cleared(image, settings.THUMBNAILS_KEPT_DAYS):
        wanted.thumbnails.add(image.pk)


def want_drawing(image: Image) -> None:
    """The same for the drawing of one of its counts."""
    wanted = _wanted.get()
    if wanted is not None and _may_be_cleared(image, settings.ANNOTATED_KEPT_DAYS):
        wanted.drawings.add(image.pk)


def want_full_picture(image: Image) -> None:
    """Note that somebody looks closely at a photo of which no full picture is there: nothing else has it made."""
    wanted = _wanted.get()
    if wanted is not None:
        wanted.full_pictures.add(image.pk)


def _may_be_cleared(image: Image, kept_days: int) -> bool:
    return kept_days > 0 and image.uploaded_at < timezone.now() - timedelta(days=kept_days)
