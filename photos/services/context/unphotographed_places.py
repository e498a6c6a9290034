"""Places of which no photo has come for long, although something grows there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from inventory.models import StorageLocation
from inventory.services.place_photos import PlaceLevel, place_photos
from photos.models import ProcessingSession

PHOTO_DUE_DAYS: Final = 30


@dataclass(frozen=True)
class UnphotographedPlace:
    """A place, and when its newest photo was taken; None if there is none."""

    location: StorageLocation
    last_photo_at: datetime | None


def unphotographed_places(at_most: int) -> tuple[int, list[UnphotographedPlace]]:
    """How many configured places have sent no photo for PHOTO_DUE_DAYS days, and the first of them by code.

    Three queries. The table of photos is read only from that day on, by its index.
    """
    places = _places_without_photo(timezone.now() - timedelta(days=PHOTO_DUE_DAYS))
    shown = list(places.select_related("storage_area__warehouse").order_by("code")[:at_most])
    return places.count(), _with_last_photo(shown)


def _places_without_photo(since: datetime) -> Any:
    arrived = ProcessingSession.objects.filter(
        image__uploaded_at__gte=since, image__deleted_at=None, storage_location__isnull=False
    )
    grown = StorageLocation.objects.in_use().filter(configs__is_active=True)
    return grown.exclude(pk__in=arrived.values("storage_location"))


def _with_last_photo(locations: Collection[StorageLocation]) -> list[UnphotographedPlace]:
    ids = [location.pk for location in locations]
    taken = place_photos().last_taken_at(PlaceLevel.LOCATION, ids) if ids else {}
    return [UnphotographedPlace(location, taken.get(location.pk)) for location in locations]
