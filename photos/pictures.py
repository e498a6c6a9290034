"""The only opener of pictures: what a file is, what its header says, and its pixels as a person sees them.

The content decides, never a name or a declared type. Only the formats below are opened at all. No database, no
OpenCV: the web process reads headers with it.
"""

import io
import math
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Final

import numpy as np
import pillow_heif
from django.utils.translation import gettext as _
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from photos.errors import ImageTooLarge, InvalidFileType, UnreadableImage
from photos.jpeg import count_scans

pillow_heif.register_heif_opener()

MAX_PIXELS: Final = 60_000_000
_SIGNATURE_BYTES: Final = 32
_HEIC_BRANDS: Final = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_AVIF_BRANDS: Final = {b"avif", b"avis"}
# Cameras and tools write 10 to 20; each costs a pass over all pixels, some 0.3 s for 60 megapixels.
_MAX_SCANS: Final = 64
_JPEG_END: Final = b"\xff\xd9"
_ORIENTATION: Final = 0x0112
_TURNED: Final = (5, 6, 7, 8)  # EXIF orientations that swap width and height
# What brings a picture of each EXIF orientation upright. Source: CIPA DC-008, tag 0112.
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# What Pillow and its decoders raise for bytes that are not what they should be.
_BROKEN: Final = (
    UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, TypeError, KeyError, IndexError,
    OverflowError, RuntimeError, ZeroDivisionError, AttributeError, struct.error,
    ImportError,  # Ultralytics wraps Image.open, and asks for a library of its own where a picture is broken
)  # fmt: skip


@dataclass(frozen=True)
class _Format:
    content_type: str
    extension: str
    opener: str  # Pillow's name of the only plugin that may read it


_FORMATS: Final = {
    "JPEG": _Format("image/jpeg", "jpg", "JPEG"),
    "PNG": _Format("image/png", "png", "PNG"),
    "WEBP": _Format("image/webp", "webp", "WEBP"),
    "HEIC": _Format("image/heic", "heic", "HEIF"),
    "AVIF": _Format("image/avif", "avif", "AVIF"),
}


@dataclass(frozen=True)
class PictureInfo:
    """What the header says. The size is that of the turned picture, as a person sees it."""

    format: str
    content_type: str
    extension: str
    width_px: int
    height_px: int


def sniff(file: BinaryIO) -> PictureInfo:
    """Read signature and header; no pixel is decoded. The file is left at an unknown position.

    Raises InvalidFileType for anything but JPEG, PNG, WebP, HEIC and AVIF, UnreadableImage for a broken header.
    """
    name = _format_of(file)
    with _translated(), _opened(file, name) as picture:
        width_px, height_px = picture.size
        if _orientation(picture) in _TURNED:
            width_px, height_px = height_px, width_px
    kind = _FORMATS[name]
    return PictureInfo(name, kind.content_type, kind.extension, width_px, height_px)


def open_picture(file: BinaryIO, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """The whole picture, turned as its EXIF says, mode RGB, without any metadata.

    CMYK, 16-bit, greyscale, palette and transparent pictures become RGB; transparency lies on white. Of an animated
    picture the first frame counts. A colour profile is left out without being applied: turning wide colours
    into sRGB takes as long as decoding them again, and moves the green of a leaf by less than the light does.
    Raises InvalidFileType, ImageTooLarge, UnreadableImage.
    """
    with _upright(file, max_pixels) as upright:
        clean = Image.new("RGB", upright.size, None)  # not filled first: all of it is pasted over
        clean.paste(upright)
    return clean


def open_rgb(file: BinaryIO, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """The pixels that `open_picture` would have, (H, W, 3) RGB, not writable; a third faster, for two copies fewer."""
    with _upright(file, max_pixels) as upright:
        return np.asarray(upright, dtype=np.uint8)


def plain_jpeg(file: BinaryIO, *, max_pixels: int = MAX_PIXELS) -> tuple[bytes, int] | None:
    """The bytes of a JPEG that every decoder reads alike, and its EXIF orientation 1–8; None for any other picture.

    That is one of three 8-bit channels whose end is there. Of one that was cut off decoders make what they like.
    Raises InvalidFileType, ImageTooLarge, UnreadableImage. The file is left at an unknown position.
    """
    name = _format_of(file)
    if name != "JPEG":
        return None
    with _translated(), _opened(file, name) as picture:
        _check_decodable(file, name, picture, max_pixels)
        is_plain, orientation = picture.mode == "RGB", _orientation(picture)
        file.seek(0)
        content = file.read()
    return (content, orientation) if is_plain and content.endswith(_JPEG_END) else None


@contextmanager
def _upright(file: BinaryIO, max_pixels: int) -> Iterator[Image.Image]:
    """The decoded picture, RGB and turned; its metadata may still be with it."""
    name = _format_of(file)
    with _translated(), _opened(file, name) as picture:
        _check_decodable(file, name, picture, max_pixels)
        orientation = _orientation(picture)
        picture.load()
        rgb = picture if picture.mode == "RGB" and "transparency" not in picture.info else _rgb(picture)
        # Not by Pillow's own function: it writes the whole EXIF anew, and fails where a tag of it is broken.
        yield rgb.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else rgb


def _check_decodable(file: BinaryIO, name: str, picture: Image.Image, max_pixels: int) -> None:
    """Raise ImageTooLarge or UnreadableImage for a picture that would keep a decoder busy for too long."""
    if picture.width * picture.height > max_pixels:
        raise ImageTooLarge(
            _("The picture has more than %(limit)d megapixels.") % {"limit": max_pixels // 10**6},
            limit_px=max_pixels,
        )
    if name == "JPEG" and count_scans(file, _MAX_SCANS) > _MAX_SCANS:
        raise UnreadableImage(_damaged())


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I;16"):
        # Pillow clips deeper greys at 255 instead of scaling them. Rounded as libpng rounds 16 bits of colour.
        deep = np.asarray(picture).astype(np.uint32)
        grey = ((deep * 255 + 32895) >> 16).astype(np.uint8)
        grey[deep == picture.info.get("transparency", -1)] = 255
        return Image.fromarray(grey).convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return picture.convert("RGB")


def from_rgb(array: NDArray[np.uint8]) -> Image.Image:
    """A picture from an (H, W, 3) uint8 RGB array."""
    return Image.fromarray(np.ascontiguousarray(array))


def thumbnail(picture: Image.Image, longest_px: int) -> Image.Image:
    """A copy whose longest side is at most `longest_px`; a smaller picture keeps its size."""
    copy = picture.copy()
    copy.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return copy


def encode_avif(picture: Image.Image, *, quality: int, speed: int = 8) -> bytes:
    """AVIF bytes without metadata. Speed 8 takes a sixth of the time of speed 4 for 5 % more bytes."""
    buffer = io.BytesIO()
    picture.save(buffer, "AVIF", quality=quality, speed=speed)
    return buffer.getvalue()


def encode_jpeg(picture: Image.Image, *, quality: int = 85) -> bytes:
    """JPEG bytes without metadata."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _format_of(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(_SIGNATURE_BYTES)
    file.seek(0)
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        brands = {head[8:12], *(head[i : i + 4] for i in range(16, len(head), 4))}
        if brands & _AVIF_BRANDS:
            return "AVIF"
        if brands & _HEIC_BRANDS:
            return "HEIC"
    raise InvalidFileType(_("This is not a picture we can read. Send JPEG, PNG, WebP, HEIC or AVIF."))


@contextmanager
def _opened(file: BinaryIO, name: str) -> Iterator[Image.Image]:
    with warnings.catch_warnings():
        # Sizes are checked by us, before any pixel is decoded, and again by the caller of `sniff`.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        # A tag that Pillow skips because it is broken is nobody's concern.
        warnings.simplefilter("ignore", UserWarning)
        with Image.open(file, formats=[_FORMATS[name].opener]) as picture:
            yield picture


@contextmanager
def _translated() -> Iterator[None]:
    """Whatever a decoder says of a broken picture becomes UnreadableImage: Pillow's own error is an OSError, and
    would be taken for a fault of the disk and tried again."""
    try:
        yield
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(_("The picture has too many pixels.")) from error
    except _BROKEN as error:
        raise UnreadableImage(_damaged()) from error


def _damaged() -> str:
    return _("The picture is damaged and cannot be read. Take it from the phone again.")


def _orientation(picture: Image.Image) -> int:
    """1 to 8 as EXIF numbers them; 1 where the tag, or the block, is missing or broken: the pixels may be whole."""
    if picture.format == "HEIF":
        return 1  # the opener turns these itself and says so
    try:
        return _orientation_tag(picture.getexif().get(_ORIENTATION))
    except _BROKEN:
        return 1


# ── EXIF ─────────────────────────────────────────────────────────────────────────────────────────────
_EXIF_IFD: Final = 0x8769
_GPS_IFD: Final = 0x8825
_MAKE, _MODEL, _DATETIME = 0x010F, 0x0110, 0x0132
_DATETIME_ORIGINAL, _OFFSET_TIME_ORIGINAL = 0x9003, 0x9011
_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE = 1, 2, 3, 4
_ALTITUDE_REF, _ALTITUDE, _H_POSITIONING_ERROR = 5, 6, 31


@dataclass(frozen=True)
class ExifData:
    """What the camera wrote. The time has the camera's own offset, or none: then it is local time.

    Degrees are WGS 84, negative to the south and west; accuracy is GPSHPositioningError. Whatever is missing, or
    cannot be true, is None.
    """

    orientation: int = 1
    datetime_original: datetime | None = None
    make: str | None = None
    model: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude_m: float | None = None
    accuracy_m: float | None = None


def read_exif(file: BinaryIO) -> ExifData:
    """Read the EXIF block; no pixel is decoded. A picture without one gives an ExifData of Nones.

    Tags that are broken are left out one by one: a wrong date must not cost the position. Source: CIPA DC-008
    (EXIF 2.32), tags of IFD0, Exif and GPS. Raises InvalidFileType and UnreadableImage as `sniff` does.
    """
    name = _format_of(file)
    with _translated(), _opened(file, name) as picture:
        exif, details, gps = _tags(picture)
    latitude = _degrees(gps.get(_LATITUDE), gps.get(_LATITUDE_REF), negative="S", limit=90)
    longitude = _degrees(gps.get(_LONGITUDE), gps.get(_LONGITUDE_REF), negative="W", limit=180)
    is_placed = latitude is not None and longitude is not None and (latitude, longitude) != (0.0, 0.0)
    altitude = _number(gps.get(_ALTITUDE))
    accuracy = _number(gps.get(_H_POSITIONING_ERROR))
    return ExifData(
        orientation=_orientation_tag(exif.get(_ORIENTATION)),
        datetime_original=_taken(
            details.get(_DATETIME_ORIGINAL) or exif.get(_DATETIME), details.get(_OFFSET_TIME_ORIGINAL)
        ),
        make=_text(exif.get(_MAKE)),
        model=_text(exif.get(_MODEL)),
        latitude=latitude if is_placed else None,
        longitude=longitude if is_placed else None,
        altitude_m=-altitude if altitude is not None and gps.get(_ALTITUDE_REF) in (1, b"\x01") else altitude,
        accuracy_m=accuracy if accuracy is not None and accuracy > 0 else None,
    )


def _tags(picture: Image.Image) -> tuple[dict[int, Any], dict[int, Any], dict[int, Any]]:
    """The tags of IFD0, Exif and GPS; none of a block that is broken."""
    try:
        exif = picture.getexif()
    except _BROKEN:
        return {}, {}, {}
    blocks: list[dict[int, Any]] = []
    for block in (_EXIF_IFD, _GPS_IFD):
        try:
            blocks.append(dict(exif.get_ifd(block)))
        except _BROKEN:
            blocks.append({})
    return dict(exif), blocks[0], blocks[1]


def _orientation_tag(value: object) -> int:
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _degrees(value: object, reference: object, *, negative: str, limit: float) -> float | None:
    """Degrees, minutes and seconds as one signed number of degrees; None if they are not that."""
    if not isinstance(value, tuple) or len(value) != 3:
        return None
    parts = [_number(part) for part in value]
    if any(part is None or part < 0 for part in parts):
        return None
    degrees, minutes, seconds = (part or 0.0 for part in parts)
    result = degrees + minutes / 60 + seconds / 3600
    if result > limit or minutes >= 60 or seconds > 60:
        return None
    hemisphere = (_text(reference) or "").upper()
    return round(-result if hemisphere == negative else result, 7)


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    text = "".join(c for c in value if c.isprintable()).strip()[:100] if isinstance(value, str) else ""
    return text or None


def _taken(value: object, offset: object) -> datetime | None:
    text = _text(value)
    if text is None:
        return None
    try:
        taken = datetime.strptime(text, "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - the camera's local time
    except ValueError:
        return None
    try:
        return datetime.strptime(f"{text}{_text(offset)}", "%Y:%m:%d %H:%M:%S%z")
    except ValueError:
        return taken
