"""The few tags of an EXIF block that are wanted. Source: TIFF 6.0, section 2; CIPA DC-008 (EXIF 2.32), section 4.6.

Own code because the libraries for it do not validate the block: it may announce values of gigabytes (piexif makes room
for them), or name the same bytes a thousand times (Pillow copies them as often). JPEGs whose blocks are sound are read
with piexif (photos/jpeg_exif.py).
"""

import struct
from dataclasses import dataclass, field
from typing import Final

MAX_EXIF_BYTES: Final = 1024**2
MAX_ENTRIES: Final = 1024  # of one directory; cameras write fewer than 100
_MAX_TEXT_BYTES: Final = 1024
_MAX_NUMBERS: Final = 8
_PREFIX: Final = b"Exif\0"  # and one byte more, which should be zero

ORIENTATION: Final = 0x0112
EXIF_DIRECTORY, GPS_DIRECTORY = 0x8769, 0x8825

Rational = tuple[int, int]
Value = bytes | tuple[int | Rational, ...]

# Bytes of one value of each type: BYTE, ASCII, SHORT, LONG, RATIONAL, SBYTE, UNDEFINED, SSHORT, SLONG, SRATIONAL;
# UTF-8 came with EXIF 3.0.
_TEXT_TYPES: Final = {1, 2, 7, 129}
_NUMBER_CODES: Final = {3: "H", 4: "L", 8: "h", 9: "l"}
_RATIONAL_CODES: Final = {5: "L", 10: "l"}


@dataclass(frozen=True)
class Tags:
    """Values by tag number. Text is bytes as they stand; numbers are a tuple; fractions are pairs."""

    main: dict[int, Value] = field(default_factory=dict)
    exif: dict[int, Value] = field(default_factory=dict)
    gps: dict[int, Value] = field(default_factory=dict)


def tiff_block(content: bytes) -> bytes:
    """The block without the prefix that belongs to JPEG, but is written elsewhere too; empty if it is no TIFF."""
    block = content[len(_PREFIX) + 1 :] if content.startswith(_PREFIX) else content
    return block if block[:4] in (b"II*\0", b"MM\0*") else b""


def read_tags(block: bytes) -> Tags:
    """The tags of a TIFF block; of a directory that is broken those that can be read."""
    if len(block) < 8 or not tiff_block(block):
        return Tags()
    order = "<" if block.startswith(b"II") else ">"
    main = _directory(block, order, *struct.unpack_from(order + "L", block, 4))
    exif, gps = (_offset(main.get(tag)) for tag in (EXIF_DIRECTORY, GPS_DIRECTORY))
    return Tags(main, _directory(block, order, exif), _directory(block, order, gps))


def orientation_in(block: bytes) -> int:
    """1 to 8; 1 where the tag, or the block, is missing or broken: the pixels may be whole."""
    return orientation_of(read_tags(block).main.get(ORIENTATION))


def orientation_of(value: Value | None) -> int:
    """The value of the tag as a number from 1 to 8; 1 if it is none."""
    first = value[0] if value else None
    return first if isinstance(first, int) and 1 <= first <= 8 else 1


def limited(value: Value) -> Value | None:
    """A value that is as long as those that are wanted: text is cut, an array is none; None for an empty one."""
    if isinstance(value, bytes):
        return value[:_MAX_TEXT_BYTES] or None
    return value if 1 <= len(value) <= _MAX_NUMBERS else None


def _offset(value: Value | None) -> int:
    """Where a directory stands; 0, where none can stand, if that is not said."""
    first = value[0] if value and not isinstance(value, bytes) else None
    return first if isinstance(first, int) else 0


def _directory(block: bytes, order: str, start: int) -> dict[int, Value]:
    """The tags of the directory at an offset; the first of those that come twice."""
    tags: dict[int, Value] = {}
    if not 8 <= start <= len(block) - 2:
        return tags
    (count,) = struct.unpack_from(order + "H", block, start)
    for position in range(start + 2, start + 2 + 12 * min(count, MAX_ENTRIES), 12):
        if position + 12 > len(block):
            break
        tag, kind, values = struct.unpack_from(order + "HHL", block, position)
        value = _value(block, order, kind, values, position + 8)
        if value is not None:
            tags.setdefault(tag, value)
    return tags


def _value(block: bytes, order: str, kind: int, count: int, field_at: int) -> Value | None:
    """The value of an entry; None for a type that is not wanted, or bytes that are not there."""
    if kind in _TEXT_TYPES:
        start = field_at if count <= 4 else struct.unpack_from(order + "L", block, field_at)[0]
        return block[start : start + min(count, _MAX_TEXT_BYTES)] or None
    code = _NUMBER_CODES.get(kind) or _RATIONAL_CODES.get(kind)
    if code is None or not 1 <= count <= _MAX_NUMBERS:
        return None
    numbers = count * (2 if kind in _RATIONAL_CODES else 1)
    layout = struct.Struct(f"{order}{numbers}{code}")
    start = field_at if layout.size <= 4 else struct.unpack_from(order + "L", block, field_at)[0]
    if start + layout.size > len(block):
        return None
    values = layout.unpack_from(block, start)
    if kind in _RATIONAL_CODES:
        return tuple(zip(values[::2], values[1::2], strict=True))
    return values
