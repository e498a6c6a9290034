"""What is looked at before a photo is taken in: its signature, its header and its EXIF. Nothing is decoded."""

from __future__ import annotations  # Django's files take no type argument at run time

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, Final, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _

from photos import pictures
from photos.errors import EmptyFile, FileTooLarge, ImageTooLarge
from photos.receiving import sha256_of

_MIB: Final = 1024**2
# A camera whose clock was never set says 1970 or 1980; phones with positions came later than this.
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
# How far a phone's clock may run ahead of ours; a date beyond it is no date.
CLOCK_SLACK: Final = timedelta(minutes=5)
_NAME_LENGTH: Final = 255


@dataclass(frozen=True)
class Examined:
    """What is known of a file that may become a photo. Sizes are those of the turned picture."""

    sha256: str
    size_bytes: int
    content_type: str
    extension: str
    width_px: int
    height_px: int
    taken_at: datetime | None  # None: the camera does not say, or cannot be right
    gps: dict[str, float | None] | None
    exif: dict[str, Any] = field(default_factory=dict)


def examine(file: UploadedFile[Any]) -> Examined:
    """Look at an uploaded file as far as its header goes.

    Raises EmptyFile, FileTooLarge, InvalidFileType, ImageTooLarge, UnreadableImage.
    """
    size_bytes = file.size or 0
    if size_bytes == 0:
        raise EmptyFile(_("The file is empty."))
    if size_bytes > settings.UPLOAD_MAX_FILE_BYTES:
        limit_mb = settings.UPLOAD_MAX_FILE_BYTES // _MIB
        raise FileTooLarge(
            _("The file is larger than %(limit)d MB.") % {"limit": limit_mb},
            limit_bytes=settings.UPLOAD_MAX_FILE_BYTES,
        )
    content = cast(BinaryIO, file)  # Django's file passes on what a binary file can do
    info = pictures.sniff(content)
    if info.width_px * info.height_px > settings.UPLOAD_MAX_PIXELS:
        raise ImageTooLarge(
            _("The picture has more than %(limit)d megapixels.")
            % {"limit": settings.UPLOAD_MAX_PIXELS // 10**6},
            limit_px=settings.UPLOAD_MAX_PIXELS,
        )
    exif = pictures.read_exif(content)
    return Examined(
        sha256=sha256_of(file),
        size_bytes=size_bytes,
        content_type=info.content_type,
        extension=info.extension,
        width_px=info.width_px,
        height_px=info.height_px,
        taken_at=_taken_at(exif),
        gps=_position(exif),
        exif=_kept_exif(exif),
    )


def clean_filename(name: str | None) -> str:
    """A file name as it can be stored and shown: printable, at most 255 characters, never empty."""
    printable = "".join(character for character in name or "" if character.isprintable()).strip()
    return printable[-_NAME_LENGTH:] or "photo"


def _taken_at(exif: pictures.ExifData) -> datetime | None:
    """When the photo was taken: with the camera's own offset if it has one, else in the nursery's time zone.

    None for a clock that was never set, or runs ahead by more than clocks do.
    """
    if exif.datetime_original is None:
        return None
    taken_at = exif.datetime_original
    if timezone.is_naive(taken_at):
        taken_at = timezone.make_aware(taken_at)
    now = timezone.now()
    return min(taken_at, now) if _EARLIEST <= taken_at <= now + CLOCK_SLACK else None


def _position(exif: pictures.ExifData) -> dict[str, float | None] | None:
    if exif.latitude is None or exif.longitude is None:
        return None
    return {
        "lat": exif.latitude,
        "lon": exif.longitude,
        "altitude": exif.altitude_m,
        "accuracy": exif.accuracy_m,
    }


def _kept_exif(exif: pictures.ExifData) -> dict[str, Any]:
    return {
        "camera_make": exif.make,
        "camera_model": exif.model,
        "datetime_original": exif.datetime_original.isoformat() if exif.datetime_original else None,
        "gps_latitude": exif.latitude,
        "gps_longitude": exif.longitude,
        "orientation": exif.orientation,
    }
