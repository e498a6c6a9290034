"""What photos tell about places: the app that has the photos plugs in here, since imports point to us."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from demeter.accounts.models import User
    from inventory.models import StorageLocation


class PlaceLevel(StrEnum):
    """A level of the hierarchy of places."""

    WAREHOUSE = "warehouse"
    AREA = "area"
    LOCATION = "location"


@dataclass(frozen=True)
class PhotoCount:
    """A count of a photo that decides what its place held from then on, until the next one."""

    session_uuid: UUID
    image_id: UUID
    counted_at: datetime


@dataclass(frozen=True)
class PlacePhoto:
    """A photo of a place. `thumbnail_url` is a signed path or link, None where none is made yet."""

    image_id: UUID
    taken_at: datetime
    thumbnail_url: str | None


class PlacePhotos(Protocol):
    """What has the photos of places. It writes nothing."""

    def last_taken_at(
        self, level: PlaceLevel, place_ids: Collection[int] | None = None
    ) -> dict[int, datetime]:
        """When the newest counted photo of each place was taken, by place. Without ids, of all places. One query."""

    def counts_in_force(self, location: StorageLocation) -> list[PhotoCount]:
        """The counts of a location that decide and wait for no person, oldest first: one a photo."""

    def last_photo(self, location: StorageLocation, user: User) -> PlacePhoto | None:
        """The newest photo of a location among those that this user may see."""

    def photo_count(self, location: StorageLocation, user: User) -> int:
        """How many photos of a location this user may see."""

    def photos(self, location: StorageLocation, user: User, start: int, stop: int) -> list[PlacePhoto]:
        """Those from `start` up to but not including `stop`, newest first. One query."""

    def thumbnail_urls(self, image_ids: Collection[UUID], user: User) -> dict[UUID, str | None]:
        """Signed paths or links, by photo: only of photos that this user may see."""


class NoPlacePhotos:
    """An inventory without photos."""

    def last_taken_at(
        self, level: PlaceLevel, place_ids: Collection[int] | None = None
    ) -> dict[int, datetime]:
        """No place was photographed."""
        return {}

    def counts_in_force(self, location: StorageLocation) -> list[PhotoCount]:
        """No count is in force."""
        return []

    def last_photo(self, location: StorageLocation, user: User) -> PlacePhoto | None:
        """There is no last photo."""
        return None

    def photo_count(self, location: StorageLocation, user: User) -> int:
        """Zero."""
        return 0

    def photos(self, location: StorageLocation, user: User, start: int, stop: int) -> list[PlacePhoto]:
        """No photo."""
        return []

    def thumbnail_urls(self, image_ids: Collection[UUID], user: User) -> dict[UUID, str | None]:
        """No thumbnail."""
        return {}


_source: PlacePhotos = NoPlacePhotos()


def use_photos_of(source: PlacePhotos) -> None:
    """Take the photos of this source from now on. Called once, when Django starts."""
    global _source  # noqa: PLW0603 - one source a process, set by the app that has it
    _source = source


def place_photos() -> PlacePhotos:
    """The source in use."""
    return _source
