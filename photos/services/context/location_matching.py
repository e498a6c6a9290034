"""Which place a photo shows, as far as its position can tell."""

from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings

from inventory.models import StorageLocation
from inventory.services.places import find_locations

CANDIDATE_RADIUS_M: Final = 50.0  # further places are not worth proposing
MAX_CANDIDATES: Final = 8


@dataclass(frozen=True)
class LocationResult:
    """The place, where one clear hit lies within the error of the position; else ranked candidates."""

    location: StorageLocation | None = None
    candidates: list[dict[str, Any]] = field(default_factory=list)


def match_location(gps: dict[str, Any] | None) -> LocationResult:
    """Find the place for a position {lat, lon, accuracy}; accuracy in metres, the default error if unknown.

    Claros are two metres wide and phones err by three to five: among several places within the error only a person
    can choose (measured: at 3 m of noise the polygon hit is the right place in 13 % of cases).
    """
    if gps is None:
        return LocationResult()
    error_m = gps.get("accuracy") or settings.GPS_DEFAULT_ERROR_M
    ranked = find_locations(gps["lat"], gps["lon"], max(error_m, CANDIDATE_RADIUS_M))
    within_error = [match.location for match in ranked if match.distance_m <= error_m]
    candidates = [
        {"id": match.location.pk, "name": match.location.name, "distance_m": round(match.distance_m, 1)}
        for match in ranked[:MAX_CANDIDATES]
    ]
    return LocationResult(location=within_error[0] if len(within_error) == 1 else None, candidates=candidates)
