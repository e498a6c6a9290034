"""Real small pictures in memory, and counts as they end."""

import io
from fractions import Fraction
from typing import Any

import piexif
import pillow_heif
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image as Picture

from photos.choices import SessionStatus
from photos.models import ProcessingSession
from photos.services.steps import jobs

pillow_heif.register_heif_opener()


def picture_bytes(
    number: int = 0,
    *,
    size: tuple[int, int] = (48, 32),
    kind: str = "JPEG",
    exif: bytes = b"",
    **options: Any,
) -> bytes:
    """A picture that shows its number as light and dark squares, so that no two are the same."""
    picture = Picture.new("RGB", size, (40, 120, 60))
    for bit in range(12):
        if number >> bit & 1:
            picture.paste(
                (240, 240, 240), (8 * (bit % 4), 8 * (bit // 4), 8 * (bit % 4) + 8, 8 * (bit // 4) + 8)
            )
    buffer = io.BytesIO()
    if exif:
        options["exif"] = exif
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def exif_bytes(
    *,
    lat: float | None = None,
    lon: float | None = None,
    error_m: float | None = None,
    taken: str | None = None,
    offset: str | None = None,
    make: str | None = None,
    orientation: int | None = None,
) -> bytes:
    """EXIF as phones write it: degrees, minutes and seconds with a hemisphere."""
    zeroth: dict[int, Any] = {}
    exif: dict[int, Any] = {}
    gps: dict[int, Any] = {}
    if make is not None:
        zeroth[piexif.ImageIFD.Make] = make
    if orientation is not None:
        zeroth[piexif.ImageIFD.Orientation] = orientation
    if taken is not None:
        exif[piexif.ExifIFD.DateTimeOriginal] = taken
    if offset is not None:
        exif[piexif.ExifIFD.OffsetTimeOriginal] = offset
    if lat is not None and lon is not None:
        gps[piexif.GPSIFD.GPSLatitudeRef] = "S" if lat < 0 else "N"
        gps[piexif.GPSIFD.GPSLatitude] = _dms(abs(lat))
        gps[piexif.GPSIFD.GPSLongitudeRef] = "W" if lon < 0 else "E"
        gps[piexif.GPSIFD.GPSLongitude] = _dms(abs(lon))
    if error_m is not None:
        gps[piexif.GPSIFD.GPSHPositioningError] = _ratio(error_m)
    return bytes(piexif.dump({"0th": zeroth, "Exif": exif, "GPS": gps}))


def _dms(degrees: float) -> tuple[tuple[int, int], ...]:
    whole, rest = divmod(degrees, 1)
    minutes, rest = divmod(rest * 60, 1)
    return (int(whole), 1), (int(minutes), 1), _ratio(rest * 60)


def _ratio(value: float) -> tuple[int, int]:
    fraction = Fraction(value).limit_denominator(100_000)
    return fraction.numerator, fraction.denominator


def photo_file(number: int = 0, *, name: str = "", **options: Any) -> SimpleUploadedFile:
    """A JPEG as a client sends it."""
    return SimpleUploadedFile(name or f"IMG_{number}.jpg", picture_bytes(number, **options), "image/jpeg")


def finish_count(
    session: ProcessingSession, *, detected: int = 0, estimated: int = 0, **fields: Any
) -> ProcessingSession:
    """End a count well with these numbers, and with it its jobs."""
    values = {
        "status": SessionStatus.COMPLETED,
        "total_detected": detected,
        "total_estimated": estimated,
        "completed_at": timezone.now(),
        **fields,
    }
    for name, value in values.items():
        setattr(session, name, value)
    session.save()
    jobs.finish_jobs(session)
    return session
