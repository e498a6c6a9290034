"""The EXIF tags of a JPEG by piexif, and by our own reader where piexif must not, or cannot, read the block.

piexif makes room for whatever a block announces, drops the last letter of a text without its closing zero, and fails as
a whole for one broken tag. So it gets those blocks alone that hold what they announce; of all others our own reader
takes the tags that can be read. Both give the same values.
"""

import struct
from dataclasses import dataclass
from typing import Any, Final

import piexif

from photos.headers.tiff import EXIF_DIRECTORY, GPS_DIRECTORY, MAX_ENTRIES, Tags, Value, limited, read_tags

_INTEROP_DIRECTORY: Final = 0xA005
_ASCII: Final = 2
#: Bytes of one value of each type that piexif knows: BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SLONG, SRATIONAL.
_SIZES: Final = {1: 1, _ASCII: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8}
_RATIONALS: Final = {5, 10}
_BYTES: Final = {1, _ASCII, 7}
_NAMES: Final = ("0th", "Exif", "GPS")
_FAULTS: Final = (struct.error, ValueError, KeyError, IndexError, TypeError, OverflowError)


@dataclass(frozen=True)
class _Directory:
    """The types of its tags, the offsets that it names, and where the next directory stands; 0 for none."""

    kinds: dict[int, int]
    offsets: dict[int, int]
    following: int


def read_jpeg_tags(block: bytes) -> Tags:
    """The tags of a JPEG's TIFF block; of a broken one those that can be read. Never raises."""
    kinds = _sound_kinds(block)
    if kinds is None:
        return read_tags(block)
    try:
        loaded = piexif.load(block)
    except _FAULTS:
        return read_tags(block)
    return Tags(
        *(_values(loaded[name], of_directory) for name, of_directory in zip(_NAMES, kinds, strict=True))
    )


def _values(loaded: dict[int, Any], kinds: dict[int, int]) -> dict[int, Value]:
    found = {tag: _value(value, kinds[tag]) for tag, value in loaded.items() if tag in kinds}
    return {tag: value for tag, value in found.items() if value is not None}


def _value(loaded: Any, kind: int) -> Value | None:
    """A value as our own reader gives it: piexif takes a lone number out of its tuple, and bytes for numbers."""
    if kind in _BYTES:
        return limited(bytes(loaded if isinstance(loaded, bytes | tuple) else (loaded,)))
    is_lone = not isinstance(loaded, tuple) or (kind in _RATIONALS and not isinstance(loaded[0], tuple))
    return limited((loaded,) if is_lone else loaded)


def _sound_kinds(block: bytes) -> tuple[dict[int, int], dict[int, int], dict[int, int]] | None:
    """Tag → type of the main, the EXIF and the GPS directory; None unless piexif can read all that it would follow."""
    if len(block) < 8 or block[:4] not in (b"II*\0", b"MM\0*"):
        return None
    order = "<" if block.startswith(b"II") else ">"
    nothing = _Directory({}, {}, 0)

    def follow(offset: int | None) -> _Directory | None:
        return _sound_directory(block, order, offset) if offset else nothing

    main = _sound_directory(block, order, *struct.unpack_from(order + "L", block, 4))
    if main is None:
        return None
    exif, gps = follow(main.offsets.get(EXIF_DIRECTORY)), follow(main.offsets.get(GPS_DIRECTORY))
    if exif is None or gps is None:
        return None
    if follow(exif.offsets.get(_INTEROP_DIRECTORY)) is None or follow(main.following) is None:
        return None
    return main.kinds, exif.kinds, gps.kinds


def _sound_directory(block: bytes, order: str, start: int) -> _Directory | None:
    """A directory whose values lie in the block and are no more than it; None for any other."""
    if not 8 <= start <= len(block) - 2:
        return None
    (count,) = struct.unpack_from(order + "H", block, start)
    end = start + 2 + 12 * count
    if count > MAX_ENTRIES or end + 4 > len(block):
        return None
    kinds: dict[int, int] = {}
    offsets: dict[int, int] = {}
    announced = 0
    for position in range(start + 2, end, 12):
        tag, kind, number, offset = struct.unpack_from(order + "HHLL", block, position)
        size = number * _SIZES.get(kind, 0)
        value_at = position + 8 if size <= 4 else offset
        announced += size
        if not size or tag in kinds or value_at + size > len(block) or announced > len(block):
            return None
        if kind == _ASCII and block[value_at + size - 1] != 0:
            return None
        kinds[tag], offsets[tag] = kind, offset
    return _Directory(kinds, offsets, *struct.unpack_from(order + "L", block, end))
