"""A small map of where a photo was taken: its position, its place and the other candidates. SVG, made here."""

from dataclasses import dataclass
from typing import Any, Final

from inventory.geometry import plane_at
from inventory.models import StorageLocation
from inventory.pages.map_drawing import MapFrame
from photos.models import Image, ProcessingSession

MAX_PLACES: Final = 5
_ASSUMED_ERROR_M: Final = 5.0  # of a phone that does not say how exactly it knows where it is


@dataclass(frozen=True)
class MapPlace:
    """A place: the number in the map and in the list beside it, its outline, and where the number stands (m)."""

    number: int
    location: StorageLocation
    distance_m: float | None
    is_named: bool
    path: str
    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class LocationMap:
    """Places and the position of a photo, in metres right of and below the upper left corner.

    position: x, y and the radius of its error; None where the photo tells none.
    """

    frame: MapFrame
    places: list[MapPlace]
    position: tuple[float, float, float] | None

    @property
    def view_box(self) -> str:
        return f"0 0 {self.frame.width} {self.frame.height}"

    @property
    def bar(self) -> tuple[float, float, float]:
        """A bar as long as `frame.bar_m`, at the lower left: x and y of its beginning, x of its end."""
        x, y = self.frame.unit * 2, self.frame.height - self.frame.unit * 2
        return x, y, x + self.frame.bar_m

    @property
    def letters(self) -> float:
        """The height of a number in the map."""
        return round(self.frame.unit * 6, 2)


@dataclass(frozen=True)
class _Surroundings:
    """What is around a position, as something that can be drawn."""

    polygon: dict[str, Any]


def location_map(image: Image, session: ProcessingSession) -> LocationMap | None:
    """The map of a count's place and candidates; None where neither is known. One query."""
    distances = {row["id"]: row["distance_m"] for row in session.location_candidates}
    if session.storage_location_id is not None:
        distances = {session.storage_location_id: session.gps_distance_m, **distances}
    found = StorageLocation.objects.in_bulk(list(distances)[:MAX_PLACES])
    locations = [found[pk] for pk in distances if pk in found and found[pk].has_valid_outline()]
    if not locations:
        return None
    gps = image.gps_coordinates
    error_m = (gps or {}).get("accuracy") or _ASSUMED_ERROR_M
    around = [_around(gps["lat"], gps["lon"], error_m)] if gps else []
    frame = MapFrame.around([*locations, *around])
    return LocationMap(
        frame=frame,
        places=[
            _place(number, location, distances[location.pk], session, frame)
            for number, location in enumerate(locations, start=1)
        ],
        position=(*frame.point([gps["lon"], gps["lat"]]), round(error_m, 2)) if gps else None,
    )


def _around(lat: float, lon: float, radius_m: float) -> _Surroundings:
    return _Surroundings(
        plane_at(lon, lat).rectangle(-radius_m, -radius_m, 2 * radius_m, 2 * radius_m),
    )


def _place(
    number: int,
    location: StorageLocation,
    distance_m: float | None,
    session: ProcessingSession,
    frame: MapFrame,
) -> MapPlace:
    x, y, _width, _height = frame.box(location)
    return MapPlace(
        number,
        location,
        distance_m,
        location.pk == session.storage_location_id,
        frame.path(location),
        x,
        y,
    )
