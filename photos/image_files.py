"""The only opener of pictures: what a file is, what its header says, and its pixels as a person sees them.

The content decides, never a name or a declared type. Only the formats below are opened at all. No database, no
OpenCV: the web process reads headers with it, and nothing but headers.
"""

import io
import math
import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final, cast

import numpy as np
import pillow_heif
from django.utils.translation import gettext as _
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError, features

from photos.errors import ImageTooLarge, InvalidFileType, UnreadableImage
from photos.exif import ExifData, parse_exif
from photos.headers import BrokenHeader, ByteReader, Header, bmff, jpeg, png, webp
from photos.headers.byte_reader import MAX_PARTS
from photos.headers.jpeg_scans import END_MARKER, JpegBody, read_body
from photos.headers.tiff import Tags, read_tags
from photos.jpeg_exif import read_jpeg_tags

pillow_heif.register_heif_opener()
if not features.check("avif"):  # Pillow was built without it: the plugin registers itself
    import pillow_avif  # noqa: F401

MAX_PIXELS: Final = 60_000_000
MAX_SIDE_PX: Final = 65_500  # libjpeg's own bound; PNG would allow two thousand million
_SIGNATURE_BYTES: Final = 32
_HEIC_BRANDS: Final = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_AVIF_BRANDS: Final = {b"avif", b"avis"}
# Cameras and tools write 10 to 20; each costs a pass over all pixels, some 0.3 s for 60 megapixels.
_MAX_SCANS: Final = 64
_STRIP_PIXELS: Final = 4_000_000  # converted at once, so that a whole picture is not held once more
# What stands for the end of a scan when it is asked whether the scan had ended: any bytes but a marker's.
_FILLING: Final = b"\x5a\xa5\x33\xcc" * 64
_NOTHING_DECODED: Final = 128  # grey of the blocks for which a JPEG has no data

# What Pillow and its decoders raise for bytes that are not what they should be.
_BROKEN: Final = (
    UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, TypeError, KeyError, IndexError,
    OverflowError, RuntimeError, ZeroDivisionError, AttributeError, struct.error, BrokenHeader,
    ImportError,  # Ultralytics wraps Image.open, and asks for a library of its own where a picture is broken
)  # fmt: skip


@dataclass(frozen=True)
class _Format:
    content_type: str
    extension: str
    opener: str  # Pillow's name of the only plugin that may read it
    read_header: Callable[[ByteReader], Header]
    is_turned_by_decoder: bool = False
    read_tags: Callable[[bytes], Tags] = read_tags


_FORMATS: Final = {
    "JPEG": _Format("image/jpeg", "jpg", "JPEG", jpeg.read_header, read_tags=read_jpeg_tags),
    "PNG": _Format("image/png", "png", "PNG", png.read_header),
    "WEBP": _Format("image/webp", "webp", "WEBP", webp.read_header),
    "HEIC": _Format(
        "image/heic", "heic", "HEIF", lambda file: bmff.read_header(file, crops=True), is_turned_by_decoder=True
    ),
    "AVIF": _Format("image/avif", "avif", "AVIF", lambda file: bmff.read_header(file, crops=False)),
}  # fmt: skip


@dataclass(frozen=True)
class PictureInfo:
    """What the header says. The size is that of the turned picture, as a person sees it."""

    format: str
    content_type: str
    extension: str
    width_px: int
    height_px: int
    orientation: int  # 1 to 8 as EXIF numbers them: what turns the stored pixels upright
    exif: bytes  # the TIFF block as it stands in the file; empty if there is none


def detect_format(file: BinaryIO) -> PictureInfo:
    """Read signature and header; no pixel is decoded. The file is left at an unknown position.

    In JPEG, PNG and WebP the EXIF tag turns, and nothing else; in HEIC and AVIF the container's own transforms.
    Raises InvalidFileType for anything but JPEG, PNG, WebP, HEIC and AVIF, UnreadableImage for a broken header.
    """
    name, header = _header(file)
    width_px, height_px = header.upright_size
    kind = _FORMATS[name]
    return PictureInfo(
        name, kind.content_type, kind.extension, width_px, height_px, header.orientation, header.exif
    )


def read_exif(file: BinaryIO) -> ExifData:
    """What the camera says; an ExifData of Nones where it says nothing. Raises as `detect_format` does."""
    return exif_of(detect_format(file))


def exif_of(info: PictureInfo) -> ExifData:
    """What the camera says in a header that was read. Broken tags are left out one by one; never raises."""
    return parse_exif(info.exif, _FORMATS[info.format].read_tags)


def check_size(width_px: int, height_px: int, *, max_pixels: int = MAX_PIXELS) -> None:
    """Raise ImageTooLarge for a picture that is too large to be decoded."""
    if width_px * height_px > max_pixels:
        raise ImageTooLarge(
            _("The picture has more than %(limit)d megapixels.") % {"limit": max_pixels // 10**6},
            limit_px=max_pixels,
        )
    if max(width_px, height_px) > MAX_SIDE_PX:
        raise ImageTooLarge(
            _("A side of the picture is longer than %(limit)d px. Send the photo as the phone took it.")
            % {"limit": MAX_SIDE_PX},
            limit_side_px=MAX_SIDE_PX,
        )


def open_picture(
    file: BinaryIO, *, max_pixels: int = MAX_PIXELS, at_least_px: int | None = None
) -> Image.Image:
    """The whole picture, turned upright, mode RGB, without any metadata; see `decode_rgb`.

    `at_least_px` is the longest side that is needed: a JPEG is decoded in a half, a quarter or an eighth of its size
    as long as that is more, which takes a third of the time.
    """
    return Image.fromarray(_decoded(file, max_pixels, at_least_px=at_least_px))


def decode_rgb(
    file: BinaryIO, *, max_pixels: int = MAX_PIXELS, out: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """The pixels of the whole picture, turned upright, (H, W, 3) RGB; not writable, or written into `out`.

    CMYK, 16-bit, greyscale, palette and transparent pictures become RGB; transparency lies on white. Of an animated
    picture the first frame counts. A colour profile is left out without being applied: turning wide colours
    into sRGB takes as long as decoding them again, and moves the green of a leaf by less than the light does.
    Raises InvalidFileType, ImageTooLarge, UnreadableImage.
    """
    pixels = _decoded(file, max_pixels, out=out)
    if out is None:
        pixels.flags.writeable = False
    return pixels


def _decoded(
    file: BinaryIO, max_pixels: int, *, out: NDArray[np.uint8] | None = None, at_least_px: int | None = None
) -> NDArray[np.uint8]:
    name, header = _header(file)
    check_size(header.width_px, header.height_px, max_pixels=max_pixels)
    orientation = 1 if _FORMATS[name].is_turned_by_decoder else header.orientation
    size = header.upright_size if _FORMATS[name].is_turned_by_decoder else (header.width_px, header.height_px)
    with _translated(), _opened(source := _for_decoder(file, name), name) as picture:
        if picture.size != size:  # two sizes in one file: nobody knows which of them the browser shows
            raise UnreadableImage(_damaged())
        if at_least_px is not None:
            share = min(1.0, at_least_px / max(picture.size))
            picture.draft(None, (math.ceil(picture.width * share), math.ceil(picture.height * share)))
        picture.load()
        width_px, height_px = Header(*picture.size, orientation).upright_size
        pixels = np.empty((height_px, width_px, 3), np.uint8) if out is None else out
        _write(picture, _as_stored(pixels, orientation))
        if name == "JPEG":
            check_not_filled_up(pixels, orientation, cast(io.BytesIO, source).getvalue())
    return pixels


def plain_jpeg(file: BinaryIO, *, max_pixels: int = MAX_PIXELS) -> tuple[bytes, int] | None:
    """The bytes of a JPEG that every decoder reads alike, and its EXIF orientation 1–8; None for any other picture.

    That is one of three 8-bit channels, whole, without metadata.
    Raises InvalidFileType, ImageTooLarge, UnreadableImage. The file is left at an unknown position.
    """
    name, header = _header(file)
    if name != "JPEG":
        return None
    check_size(header.width_px, header.height_px, max_pixels=max_pixels)
    with _translated():
        body = _jpeg_body(file)
        if body.frame.components != 3:
            return None
        return body.content, header.orientation


def check_not_filled_up(pixels: NDArray[np.uint8], orientation: int, content: bytes) -> None:
    """Raise UnreadableImage if the last pixels of an upright JPEG stand for data that are not in its file.

    A decoder makes them grey and says nothing. Where they are that grey it is found out, which takes a while.
    """
    last = _as_stored(pixels, orientation)[-4:, -4:]
    if np.all(last == _NOTHING_DECODED) and not _is_whole_jpeg(content):
        raise UnreadableImage(_damaged())


def _is_whole_jpeg(content: bytes) -> bool:
    """Whether the scans of a JPEG, which ends with an end marker, hold all of its pixels.

    It is decoded twice with different bytes behind the scans' own: where nothing is missing those are not looked at.
    """
    with _translated():
        body = content.removesuffix(END_MARKER)
        while body.endswith(b"\xff"):  # half a marker, or half of a byte of data
            body = body[:-1]
        first, second = (_decoded_small(body + filling + END_MARKER) for filling in (b"", _FILLING))
        return bool(np.array_equal(first, second))


def _decoded_small(content: bytes) -> NDArray[np.uint8]:
    """The brightness of a JPEG, of a sequential one in an eighth of its size: that takes a third of the time."""
    with _opened(io.BytesIO(content), "JPEG") as picture:
        if not picture.info.get("progressive"):
            picture.draft("L", (picture.width // 8, picture.height // 8))
        return np.asarray(picture)


def _for_decoder(file: BinaryIO, name: str) -> BinaryIO:
    """The file without what decoders need not see: texts, profiles, and EXIF that they would follow."""
    if name == "JPEG":
        return io.BytesIO(_jpeg_body(file).content)
    if name == "PNG":
        file.seek(0, io.SEEK_END)
        reader = ByteReader(file, max_bytes=2 * file.tell(), max_parts=2 * MAX_PARTS)
        return io.BytesIO(png.pixel_chunks(reader))
    file.seek(0)
    return file


def _jpeg_body(file: BinaryIO) -> JpegBody:
    """The scans of a JPEG. Raises UnreadableImage if they keep a decoder busy for too long, or are not all there."""
    file.seek(0)
    body = read_body(file.read(), max_scans=_MAX_SCANS)
    if body.scans > _MAX_SCANS:
        raise UnreadableImage(_damaged())
    if not body.has_end and not (body.says_all and _is_whole_jpeg(body.content)):
        raise UnreadableImage(_damaged())
    return body


def _as_stored(upright: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """A view of an upright picture's array in which pixels lie as they are stored. Source: CIPA DC-008, tag 0112."""
    view = upright.swapaxes(0, 1) if orientation in (5, 6, 7, 8) else upright
    is_mirrored_in_x = orientation in (2, 3, 7, 8)
    is_mirrored_in_y = orientation in (3, 4, 6, 7)
    if is_mirrored_in_x:
        view = view[:, ::-1]
    return view[::-1] if is_mirrored_in_y else view


def _write(picture: Image.Image, stored: NDArray[np.uint8]) -> None:
    """Write a picture's pixels as RGB, strip by strip."""
    rows = max(1, _STRIP_PIXELS // picture.width)
    for top in range(0, picture.height, rows):
        strip = picture.crop((0, top, picture.width, min(top + rows, picture.height)))
        stored[top : top + rows] = np.asarray(_rgb(strip))


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
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def from_rgb(array: NDArray[np.uint8]) -> Image.Image:
    """A picture from an (H, W, 3) uint8 RGB array."""
    return Image.fromarray(np.ascontiguousarray(array))


def thumbnail(picture: Image.Image, longest_px: int) -> Image.Image:
    """A copy whose longest side is at most `longest_px`; a smaller picture keeps its size."""
    share = longest_px / max(picture.size)
    if share >= 1:
        return picture.copy()
    width_px, height_px = (max(1, round(side * share)) for side in picture.size)
    return picture.resize((width_px, height_px), Image.Resampling.LANCZOS, reducing_gap=3.0)


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


def _header(file: BinaryIO) -> tuple[str, Header]:
    """The format and the header. Raises InvalidFileType, UnreadableImage."""
    name = _format_of(file)
    with _translated():
        return name, _FORMATS[name].read_header(ByteReader(file))


def _format_of(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(_SIGNATURE_BYTES)
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(png.SIGNATURE):
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
        # Sizes are checked by us, before any pixel is decoded.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        # A tag that Pillow skips because it is broken is nobody's concern.
        warnings.simplefilter("ignore", UserWarning)
        with Image.open(file, formats=[_FORMATS[name].opener]) as picture:
            yield picture


@contextmanager
def _translated() -> Iterator[None]:
    """Turn whatever a decoder raises for a broken picture into UnreadableImage, or ImageTooLarge.

    Pillow's own error is an OSError: a task would take it for a fault of the disk and try again.
    """
    try:
        yield
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(_("The picture has too many pixels.")) from error
    except _BROKEN as error:
        raise UnreadableImage(_damaged()) from error


def _damaged() -> str:
    return _("The picture is damaged and cannot be read. Take it from the phone again.")
