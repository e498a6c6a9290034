"""Which location a position means, and which bin the plants of a photo are booked into."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.db import transaction

from inventory.choices import BinSource
from inventory.geometry import distance_m
from inventory.models import StorageBin, StorageBinType, StorageLocation
from inventory.services.ledger import lock_location

CANDIDATE_RADIUS_M: Final = 50.0  # further places are not worth proposing


class LocationMatch(NamedTuple):
    """A location near a position, and how far its outline is: 0 m inside."""

    location: StorageLocation
    distance_m: float


def find_locations(lat: float, lon: float, radius_m: float) -> list[LocationMatch]:
    """The locations in use that come within a radius of a position (WGS 84 degrees), nearest first."""
    nearby = (
        StorageLocation.objects.in_use().near(lat, lon, radius_m).select_related("storage_area__warehouse")
    )
    matches = [LocationMatch(location, distance_m(lon, lat, location.polygon)) for location in nearby]
    within = [match for match in matches if match.distance_m <= radius_m]
    return sorted(within, key=lambda match: (match.distance_m, match.location.code))


class RankedLocations(NamedTuple):
    """The locations near a position, nearest first. `named` is the one that the position alone can name, if any."""

    named: StorageLocation | None
    nearest: list[LocationMatch]


def rank_locations(lat: float, lon: float, error_m: float) -> RankedLocations:
    """Rank the locations around a position that errs by `error_m` metres.

    Claros are two metres wide and phones err by three to five: among several locations within the error only a person
    can choose (measured: at 3 m of noise the polygon hit is the right one in 13 % of cases).
    """
    nearest = find_locations(lat, lon, max(error_m, CANDIDATE_RADIUS_M))
    within_error = [match.location for match in nearest if match.distance_m <= error_m]
    return RankedLocations(within_error[0] if len(within_error) == 1 else None, nearest)


@transaction.atomic
def get_photo_bin(location: StorageLocation, bin_type: StorageBinType) -> StorageBin:
    """The bin that holds what photos count of one container type at a location; made the first time.

    Code: the location's, the type's and a number, which goes up when an earlier bin was retired.
    """
    location = lock_location(location)
    from_photos = StorageBin.objects.from_photos().filter(
        storage_location=location, storage_bin_type=bin_type
    )
    if existing := from_photos.in_use().first():
        return existing
    stem = f"{location.code}-{bin_type.code[:40]}_"  # 40: code, hyphen and number fit the column
    taken = set(StorageBin.objects.filter(code__startswith=stem).values_list("code", flat=True))
    number = next(n for n in range(1, len(taken) + 2) if f"{stem}{n:02d}" not in taken)
    photo_bin = StorageBin(
        storage_location=location,
        storage_bin_type=bin_type,
        code=f"{stem}{number:02d}",
        label=bin_type.name,
        source=BinSource.PHOTO,
    )
    photo_bin.full_clean()
    photo_bin.save()
    return photo_bin
