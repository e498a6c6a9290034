"""What the pages and endpoints of places show of their photos. Reads only."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Max

from demeter.accounts.models import User
from inventory.models import StorageLocation
from inventory.services.place_photos import PhotoCount, PlaceLevel, PlacePhoto
from photos.choices import BookingState
from photos.image_urls import thumbnail_url
from photos.models import Image, ProcessingSession

_PATHS: Final = {
    PlaceLevel.LOCATION: "pk",
    PlaceLevel.AREA: "storage_area",
    PlaceLevel.WAREHOUSE: "storage_area__warehouse",
}
#: Which locations tell when a place was photographed: those whose plants are counted there (`with_stock`).
_SHOWN: Final[dict[PlaceLevel, dict[str, bool]]] = {
    PlaceLevel.LOCATION: {},
    PlaceLevel.AREA: {"is_active": True},
    PlaceLevel.WAREHOUSE: {"is_active": True, "storage_area__is_active": True},
}


class PhotosOfPlaces:
    """The photos of places (`inventory.services.place_photos.PlacePhotos`). Those in the trash show nothing."""

    def last_taken_at(
        self, level: PlaceLevel, place_ids: Collection[int] | None = None
    ) -> dict[int, datetime]:
        """When each place was last photographed, by place: an area or a warehouse in its locations in use."""
        path = _PATHS[level]
        photographed = StorageLocation.objects.filter(**_SHOWN[level]).exclude(last_photo_at=None)
        if place_ids is not None:
            photographed = photographed.filter(**{f"{path}__in": place_ids})
        return dict(photographed.order_by().values_list(path).annotate(Max("last_photo_at")))

    def counts_in_force(self, location: StorageLocation) -> list[PhotoCount]:
        """One count of each photo that stands for the stock, oldest photo first."""
        counts = (
            _counts()
            .counted()
            .filter(
                storage_location=location, booking_state__in=[BookingState.BOOKED, BookingState.SUPERSEDED]
            )
            # As the settlement ranks the counts of one photo: what a person stands for, then the newest. The last wins.
            .order_by("validated", "attempt")
            .values_list("image_id", "uuid", "image__taken_at")
        )
        chosen = {image_id: PhotoCount(uuid, image_id, taken_at) for image_id, uuid, taken_at in counts}
        return sorted(chosen.values(), key=lambda count: count.counted_at)

    def last_photo(self, location: StorageLocation, user: User) -> PlacePhoto | None:
        """The newest photo that this user may see."""
        newest = self.photos(location, user, 0, 1)
        return newest[0] if newest else None

    def photo_count(self, location: StorageLocation, user: User) -> int:
        """How many photos this user may see."""
        return int(_photos_of(location, user).count())

    def photos(self, location: StorageLocation, user: User, start: int, stop: int) -> list[PlacePhoto]:
        """Those from `start` up to but not including `stop`, newest first."""
        images = _photos_of(location, user).order_by("-taken_at", "-uploaded_at", "-pk")[start:stop]
        return [
            PlacePhoto(image.pk, image.taken_at, thumbnail_url(image, image.drawing_id)) for image in images
        ]

    def thumbnail_urls(self, image_ids: Collection[UUID], user: User) -> dict[UUID, str | None]:
        """Signed paths or links, by photo: only of photos that this user may see."""
        images = _visible_to(user).filter(pk__in=image_ids)
        return {image.pk: thumbnail_url(image, image.drawing_id) for image in images}


def _counts() -> Any:
    """The counts of photos that stand for stock. All counts of a photo are of one place."""
    return ProcessingSession.objects.filter(image__deleted_at=None, image__with_inventory=True)


def _visible_to(user: User) -> Any:
    return Image.objects.visible_to(user).not_deleted().in_inventory().with_drawing()


def _photos_of(location: StorageLocation, user: User) -> Any:
    shown = _counts().filter(storage_location=location).values("image")
    return _visible_to(user).filter(pk__in=shown)
