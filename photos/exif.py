"""What the camera says of a photo: when, where, and which camera. Every tag is read for itself, and leniently.

Source of tags: CIPA DC-008 (EXIF 2.32), sections 4.6.4 to 4.6.6.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from photos.choices import TakenAtSource
from photos.exif_dates import parse_date, parse_offset, parse_utc
from photos.headers.tiff import ORIENTATION, Rational, Tags, Value, orientation_of, read_tags

_MAKE, _MODEL, _DATETIME = 0x010F, 0x0110, 0x0132
_DATETIME_ORIGINAL, _DATETIME_DIGITIZED = 0x9003, 0x9004
_OFFSET_TIME, _OFFSET_TIME_ORIGINAL, _OFFSET_TIME_DIGITIZED = 0x9010, 0x9011, 0x9012
_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE = 1, 2, 3, 4
_ALTITUDE_REF, _ALTITUDE, _TIME_STAMP, _DATE_STAMP, _H_POSITIONING_ERROR = 5, 6, 7, 29, 31
_BELOW_SEA: Final = (1, 3)  # EXIF 3.0 added 2 and 3, for heights above the ellipsoid
# First letters of references, also of whole words: South, Sur, West, Oeste.
_NORTH_SOUTH: Final = {"N": 1, "S": -1}
_EAST_WEST: Final = {"E": 1, "W": -1, "O": -1}


@dataclass(frozen=True)
class ExifDate:
    """A time that the camera wrote, and by which clock. Without an offset it is local time."""

    time: datetime
    source: TakenAtSource


@dataclass(frozen=True)
class ExifData:
    """What the camera wrote. `dates` has the most reliable first; none of them is checked to be likely.

    Degrees are WGS 84, negative to the south and west; accuracy is GPSHPositioningError. Whatever is missing, or
    cannot be true, is None.
    """

    orientation: int = 1
    dates: tuple[ExifDate, ...] = ()
    make: str | None = None
    model: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude_m: float | None = None
    accuracy_m: float | None = None

    @property
    def datetime_original(self) -> datetime | None:
        """What the camera's own clock said."""
        return next((date.time for date in self.dates if date.source == TakenAtSource.EXIF), None)


def parse_exif(block: bytes, read: Callable[[bytes], Tags] = read_tags) -> ExifData:
    """The data of a TIFF block, as `photos.headers` finds it. Broken tags are left out one by one; never raises."""
    tags = read(block)
    gps = tags.gps
    latitude = _degrees(gps.get(_LATITUDE), gps.get(_LATITUDE_REF), _NORTH_SOUTH, limit=90)
    longitude = _degrees(gps.get(_LONGITUDE), gps.get(_LONGITUDE_REF), _EAST_WEST, limit=180)
    is_placed = latitude is not None and longitude is not None and (latitude, longitude) != (0.0, 0.0)
    altitude = _fraction(gps.get(_ALTITUDE))
    is_below = (gps.get(_ALTITUDE_REF) or (0,))[0] in _BELOW_SEA
    accuracy = _fraction(gps.get(_H_POSITIONING_ERROR))
    return ExifData(
        orientation=orientation_of(tags.main.get(ORIENTATION)),
        dates=tuple(_dates(tags)),
        make=_text(tags.main.get(_MAKE)),
        model=_text(tags.main.get(_MODEL)),
        latitude=latitude if is_placed else None,
        longitude=longitude if is_placed else None,
        altitude_m=-altitude if altitude is not None and is_below else altitude,
        accuracy_m=accuracy if accuracy is not None and accuracy > 0 else None,
    )


def _dates(tags: Tags) -> list[ExifDate]:
    """Taken, then digitized, then by the satellites, then last changed."""
    offset = parse_offset(_text(tags.exif.get(_OFFSET_TIME)))

    def by_camera(date: Value | None, own_offset: Value | None) -> datetime | None:
        time = parse_date(_text(date))
        zone = parse_offset(_text(own_offset)) or offset
        return time.replace(tzinfo=zone) if time is not None and time.tzinfo is None and zone else time

    exif = tags.exif
    found = [
        (by_camera(exif.get(_DATETIME_ORIGINAL), exif.get(_OFFSET_TIME_ORIGINAL)), TakenAtSource.EXIF),
        (by_camera(exif.get(_DATETIME_DIGITIZED), exif.get(_OFFSET_TIME_DIGITIZED)), TakenAtSource.EXIF),
        (_gps_time(tags.gps), TakenAtSource.GPS),
        (by_camera(tags.main.get(_DATETIME), exif.get(_OFFSET_TIME)), TakenAtSource.EXIF),
    ]
    return [ExifDate(time, source) for time, source in found if time is not None]


def _gps_time(gps: dict[int, Value]) -> datetime | None:
    parts = _sexagesimal(gps.get(_TIME_STAMP), count=3)
    return parse_utc(_text(gps.get(_DATE_STAMP)), *parts) if parts else None


def _degrees(
    value: Value | None, reference: Value | None, signs: dict[str, int], *, limit: float
) -> float | None:
    """Degrees, minutes and seconds as one signed number of degrees; None if they, or their reference, are not that."""
    parts = _sexagesimal(value, count=1)
    sign = signs.get((_text(reference) or "?")[0].upper())
    if parts is None or sign is None:
        return None
    degrees = parts[0] + parts[1] / 60 + parts[2] / 3600
    return round(sign * degrees, 7) if degrees <= limit else None


def _sexagesimal(value: Value | None, *, count: int) -> tuple[float, float, float] | None:
    """Three fractions of which the first `count` must be there; a later one may be missing, or 0/0, for nothing."""
    if not isinstance(value, tuple) or not count <= len(value) <= 3:
        return None
    parts = []
    for place, part in enumerate(value):
        number = 0.0 if place > 0 and part == (0, 0) else _number(part)
        if number is None or number < 0:
            return None
        parts.append(number)
    whole, minutes, seconds = (*parts, 0.0, 0.0)[:3]
    return (whole, minutes, seconds) if minutes < 60 and seconds <= 60 else None


def _fraction(value: Value | None) -> float | None:
    return _number(value[0]) if isinstance(value, tuple) and value else None


def _number(value: int | Rational) -> float | None:
    if isinstance(value, int):
        return float(value)
    numerator, denominator = value
    return numerator / denominator if denominator else None


def _text(value: Value | None) -> str | None:
    """Readable text of at most 100 characters; None if there is none."""
    if not isinstance(value, bytes):
        return None
    text = value.partition(b"\0")[0].decode("utf-8", "replace").replace("\xa0", " ")
    return "".join(c for c in text if c.isprintable()).strip()[:100] or None
