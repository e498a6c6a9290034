"""Which place a photo shows, as far as its position can tell."""

from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings

from inventory.models import StorageLocation
from inventory.services.places import rank_locations

MAX_CANDIDATES: Final = 8


@dataclass(frozen=True)
class LocationResult:
    """The place, where one clear hit lies within the error of the position; else ranked candidates."""

    location: StorageLocation | None = None
    candidates: list[dict[str, Any]] = field(default_factory=list)


def match_location(gps: dict[str, Any] | None) -> LocationResult:
    """Find the place for a position {lat, lon, accuracy}; accuracy in metres, the default error if unknown."""
    if gps is None:
        return LocationResult()
    error_m = gps.get("accuracy") or settings.GPS_DEFAULT_ERROR_M
    ranked = rank_locations(gps["lat"], gps["lon"], error_m, MAX_CANDIDATES)
    candidates = [
        {"id": match.location.pk, "name": match.location.name, "distance_m": round(match.distance_m, 1)}
        for match in ranked.nearest
    ]
    return LocationResult(location=ranked.named, candidates=candidates)
