"""The EXIF block of a rendered photo, as a phone writes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import piexif

PHONES = (
    ("Google", "Pixel 7a"),
    ("samsung", "SM-A536B"),
    ("Apple", "iPhone 13"),
    ("Xiaomi", "Redmi Note 12"),
    ("motorola", "moto g84"),
)


@dataclass(frozen=True, slots=True)
class ExifFacts:
    """When, with what and where a photo was taken; degrees of WGS 84, the position's error in metres."""

    taken: datetime
    make: str = PHONES[0][0]
    model: str = PHONES[0][1]
    orientation: int = 1
    latitude: float | None = None
    longitude: float | None = None
    error_m: float = 5.0

    def block(self) -> bytes:
        """The block as it stands in a JPEG. Source: Exif 2.32, 4.6.4–4.6.6."""
        moment = self.taken.strftime("%Y:%m:%d %H:%M:%S")
        zeroth = {
            piexif.ImageIFD.Make: self.make.encode(),
            piexif.ImageIFD.Model: self.model.encode(),
            piexif.ImageIFD.Orientation: self.orientation,
            piexif.ImageIFD.DateTime: moment.encode(),
        }
        tags = {"0th": zeroth, "Exif": {piexif.ExifIFD.DateTimeOriginal: moment.encode()}}
        if self.latitude is not None and self.longitude is not None:
            tags["GPS"] = {
                piexif.GPSIFD.GPSLatitudeRef: b"N" if self.latitude >= 0 else b"S",
                piexif.GPSIFD.GPSLatitude: _sexagesimal(self.latitude),
                piexif.GPSIFD.GPSLongitudeRef: b"E" if self.longitude >= 0 else b"W",
                piexif.GPSIFD.GPSLongitude: _sexagesimal(self.longitude),
                piexif.GPSIFD.GPSHPositioningError: (round(self.error_m * 100), 100),
            }
        return bytes(piexif.dump(tags))


def _sexagesimal(degrees: float) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Degrees, minutes and ten-thousandths of seconds (0.3 cm) as rationals."""
    ticks = round(abs(degrees) * 3600 * 10_000)
    minutes, rest = divmod(ticks, 60 * 10_000)
    return (minutes // 60, 1), (minutes % 60, 1), (rest, 10_000)
