"""Which location a position means, and which bin the plants of a photo are booked into."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.db import transaction

from inventory.choices import BinSource
from inventory.geometry import box_distance_m, distance_m
from inventory.models import StorageBin, StorageBinType, StorageLocation
from inventory.services.ledger import lock_location

CANDIDATE_RADIUS_M: Final = 50.0  # further places are not worth proposing
_BOUNDS: Final = ("bbox_min_lon", "bbox_min_lat", "bbox_max_lon", "bbox_max_lat")
_ROUNDING_M: Final = 0.001  # beyond what two ways to work out one distance differ by


class LocationMatch(NamedTuple):
    """A location near a position, and how far its outline is: 0 m inside."""

    location: StorageLocation
    distance_m: float


def find_locations(
    lat: float, lon: float, radius_m: float, at_most: int | None = None
) -> list[LocationMatch]:
    """The locations in use that come within a radius of a position (WGS 84 degrees), nearest first.

    An outline is no nearer than its bounding box. So outlines are measured in the order of their boxes, until no
    other can come before the `at_most` that were found; no more than needed are loaded.
    """
    nearby = StorageLocation.objects.in_use().near(lat, lon, radius_m).order_by().values_list("pk", *_BOUNDS)
    boxes = [(box_distance_m(lon, lat, (*bounds,)), pk) for pk, *bounds in nearby]
    reached = sorted(box for box in boxes if box[0] <= radius_m + _ROUNDING_M)
    enough = len(reached) if at_most is None else at_most
    found: list[LocationMatch] = []
    for start in range(0, len(reached), max(2 * enough, 1)):
        chunk = reached[start : start + 2 * enough]
        if not _may_be_among(chunk[0][0], found, enough):
            break
        locations = StorageLocation.objects.select_related("storage_area__warehouse").in_bulk(
            [pk for _, pk in chunk]
        )
        for box_m, pk in chunk:
            if not _may_be_among(box_m, found, enough):
                break
            if (location := locations.get(pk)) is None:  # deleted since
                continue
            match = LocationMatch(location, distance_m(lon, lat, location.polygon))
            if match.distance_m <= radius_m:
                found = sorted([*found, match], key=_rank)[:enough]
    return found


def _may_be_among(box_m: float, found: list[LocationMatch], enough: int) -> bool:
    """Whether an outline whose box is so far away can be one of the nearest."""
    return len(found) < enough or box_m <= found[-1].distance_m + _ROUNDING_M


def _rank(match: LocationMatch) -> tuple[float, str]:
    return match.distance_m, match.location.code


class RankedLocations(NamedTuple):
    """The locations near a position, nearest first. `named` is the one that the position alone can name, if any."""

    named: StorageLocation | None
    nearest: list[LocationMatch]


def rank_locations(lat: float, lon: float, error_m: float, at_most: int) -> RankedLocations:
    """Rank the `at_most` (2 or more) locations nearest to a position that errs by `error_m` metres.

    Claros are two metres wide and phones err by three to five: among several locations within the error only a person
    can choose (measured: at 3 m of noise the polygon hit is the right one in 13 % of cases).
    """
    nearest = find_locations(lat, lon, max(error_m, CANDIDATE_RADIUS_M), at_most)
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
