"""Validation of a photo before it is accepted: its signature, its header and its EXIF. Nothing is decoded."""

from __future__ import annotations  # Django's files take no type argument at run time

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, Final, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _

from photos import image_files
from photos.choices import TakenAtSource
from photos.errors import EmptyFile, FileTooLarge
from photos.exif import ExifData, ExifDate
from photos.upload_handlers import sha256_of

_MIB: Final = 1024**2
# A camera whose clock was never set says 1970 or 1980; phones with positions came later than this.
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
# How far a phone's clock may run ahead of ours; a date beyond it is no date.
CLOCK_SLACK: Final = timedelta(minutes=5)
_NAME_LENGTH: Final = 255


@dataclass(frozen=True)
class UploadMetadata:
    """What is known of a file that may become a photo. Sizes are those of the turned picture."""

    sha256: str
    size_bytes: int
    content_type: str
    extension: str
    width_px: int
    height_px: int
    taken_at: datetime | None  # None: the camera does not say, or cannot be right
    taken_at_source: TakenAtSource
    gps: dict[str, float | None] | None
    exif: dict[str, Any] = field(default_factory=dict)


def validate_upload(file: UploadedFile[Any]) -> UploadMetadata:
    """Validate an uploaded file as far as its header goes.

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
    info = image_files.detect_format(content)
    image_files.check_size(info.width_px, info.height_px, max_pixels=settings.UPLOAD_MAX_PIXELS)
    exif = image_files.exif_of(info)
    date = _believable_date(exif)
    return UploadMetadata(
        sha256=sha256_of(file),
        size_bytes=size_bytes,
        content_type=info.content_type,
        extension=info.extension,
        width_px=info.width_px,
        height_px=info.height_px,
        taken_at=date.time if date else None,
        taken_at_source=date.source if date else TakenAtSource.RECEIVED,
        gps=_position(exif),
        exif=_kept_exif(exif, info.orientation),
    )


def clean_filename(name: str | None) -> str:
    """A file name as it can be stored and shown: printable, at most 255 characters, never empty."""
    printable = "".join(character for character in name or "" if character.isprintable()).strip()
    return printable[-_NAME_LENGTH:] or "photo"


def _believable_date(exif: ExifData) -> ExifDate | None:
    """The first date that can be true, in the nursery's time zone where the camera does not say its own."""
    for date in exif.dates:
        if (taken_at := believable(date.time)) is not None:
            return replace(date, time=taken_at)
    return None


def believable(taken_at: datetime) -> datetime | None:
    """A time at which a photo may have been taken, aware and not later than now; None if it cannot be true.

    That is what a clock says that was never set, or runs ahead by more than clocks do.
    """
    if timezone.is_naive(taken_at):
        taken_at = timezone.make_aware(taken_at)
    now = timezone.now()
    return min(taken_at, now) if _EARLIEST <= taken_at <= now + CLOCK_SLACK else None


def _position(exif: ExifData) -> dict[str, float | None] | None:
    if exif.latitude is None or exif.longitude is None:
        return None
    return {
        "lat": exif.latitude,
        "lon": exif.longitude,
        "altitude": exif.altitude_m,
        "accuracy": exif.accuracy_m,
    }


def _kept_exif(exif: ExifData, orientation: int) -> dict[str, Any]:
    return {
        "camera_make": exif.make,
        "camera_model": exif.model,
        "datetime_original": exif.datetime_original.isoformat() if exif.datetime_original else None,
        "gps_latitude": exif.latitude,
        "gps_longitude": exif.longitude,
        "orientation": orientation,  # the turn that was applied; that of the container where it decides
    }
