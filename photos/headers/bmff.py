"""HEIF and AVIF: boxes in boxes. Source: ISO/IEC 14496-12 (boxes, items), ISO/IEC 23008-12 (HEIF, properties).

The container's own transforms turn such a picture, never an EXIF tag: decoders and browsers follow them alone.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from photos.headers import orientation as turns
from photos.headers.byte_reader import BrokenHeader, ByteReader
from photos.headers.header import Header
from photos.headers.tiff import MAX_EXIF_BYTES, tiff_block

_MAX_META_BYTES: Final = 1024**2
_MAX_BOXES: Final = 4096  # in one box; a 48-megapixel picture of tiles has some 200 items

Box = tuple[bytes, bytes]  # type, content


@dataclass(frozen=True)
class _Extent:
    """Where a piece of an item lies: in the file, or in the box `idat`."""

    in_idat: bool
    offset: int
    length: int


@dataclass
class _Meta:
    """The parts of the box `meta` that say what the picture is."""

    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)  # by item
    extents: dict[int, list[_Extent]] = field(default_factory=dict)
    described: dict[int, set[int]] = field(default_factory=dict)  # items that an item describes
    properties: list[Box] = field(default_factory=list)
    associations: dict[int, list[int]] = field(
        default_factory=dict
    )  # of items to numbers of properties, from 1
    idat: bytes = b""


def read_header(file: ByteReader, *, crops: bool) -> Header:
    """Size, turn and EXIF of the primary picture. Raises BrokenHeader.

    `crops`: whether its decoder cuts to the clean aperture (libheif does, libavif does not).
    """
    try:
        meta = _meta(file)
        header = _transformed(meta, crops=crops)
        return replace(header, exif=_exif(file, meta))
    except (struct.error, IndexError) as error:
        raise BrokenHeader("A box of the picture ends too early.") from error


def _transformed(meta: _Meta, *, crops: bool) -> Header:
    """The size of the primary picture and all its turns, in their order."""
    width_px = height_px = 0
    turn = 1
    for number in meta.associations.get(meta.primary, []):
        if not 1 <= number <= len(meta.properties):
            continue
        kind, content = meta.properties[number - 1]
        if kind == b"ispe":
            width_px, height_px = struct.unpack_from(">LL", content, 4)
        elif kind == b"clap" and crops:
            width_px, height_px = _clean_aperture(content, width_px, height_px, turn)
        elif kind == b"irot":
            turn = turns.rotated(turn, -(content[0] & 3))  # it counts anticlockwise
        elif kind == b"imir":
            turn = turns.mirrored(turn, top_to_bottom=not content[0] & 1)
    if not width_px or not height_px:
        raise BrokenHeader("The picture has no size.")
    return Header(width_px, height_px, turn)


def _clean_aperture(content: bytes, width_px: int, height_px: int, turn: int) -> tuple[int, int]:
    """The stored size that is left. A turn that was applied before has swapped what is width and height."""
    numbers = struct.unpack_from(">LLLL", content)
    if 0 in (numbers[1], numbers[3]):
        raise BrokenHeader("The clean aperture divides by zero.")
    width, height = round(numbers[0] / numbers[1]), round(numbers[2] / numbers[3])
    if turns.swaps_sides(turn):
        width, height = height, width
    return min(width, width_px), min(height, height_px)


def _meta(file: ByteReader) -> _Meta:
    """Walk the boxes of the file to `meta`, and those within."""
    meta = _Meta()
    for kind, content in _boxes(_meta_box(file)[4:]):
        if kind == b"pitm":
            meta.primary = int.from_bytes(content[4:6] if not content[0] else content[4:8])
        elif kind == b"iinf":
            meta.kinds = _item_kinds(content)
        elif kind == b"iloc":
            meta.extents = _locations(content)
        elif kind == b"iref":
            meta.described = _descriptions(content)
        elif kind == b"iprp":
            for inner, properties in _boxes(content):
                if inner == b"ipco":
                    meta.properties = list(_boxes(properties))
                elif inner == b"ipma":
                    meta.associations.update(_associations(properties))
        elif kind == b"idat":
            meta.idat = content
    return meta


def _meta_box(file: ByteReader) -> bytes:
    position = 0
    while position + 8 <= file.size:
        file.seek(position)
        length, kind = file.number(4), file.read(4)
        start = position + 8
        if length == 1:
            length, start = file.number(8), position + 16
        elif length == 0:
            length = file.size - position
        if length < start - position:
            break
        if kind == b"meta":
            if length > _MAX_META_BYTES:
                raise BrokenHeader("The header is longer than that of a photo.")
            return file.read(length - (start - position))
        position += length
    raise BrokenHeader("The file has no picture in it.")


def _boxes(content: bytes) -> Iterator[Box]:
    """The boxes that lie one after another in a piece of memory; the last may be cut short."""
    position = 0
    for _ in range(_MAX_BOXES):
        if position + 8 > len(content):
            return
        length, kind = struct.unpack_from(">L4s", content, position)
        start = position + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", content, start)
            start += 8
        end = position + length if length else len(content)
        if end < start:
            return
        yield kind, content[start:end]
        position = end


def _item_kinds(content: bytes) -> dict[int, bytes]:
    kinds = {}
    for kind, entry in _boxes(content[6 if not content[0] else 8 :]):
        if kind == b"infe" and entry and entry[0] >= 2:
            width = 2 if entry[0] == 2 else 4
            kinds[int.from_bytes(entry[4 : 4 + width])] = entry[6 + width : 10 + width]
    return kinds


def _descriptions(content: bytes) -> dict[int, set[int]]:
    """Which items each item describes, as its EXIF does."""
    width = 2 if not content[0] else 4
    described: dict[int, set[int]] = {}
    for kind, entry in _boxes(content[4:]):
        if kind == b"cdsc":
            ids = [int.from_bytes(entry[at : at + width]) for at in range(width + 2, len(entry), width)]
            described.setdefault(int.from_bytes(entry[:width]), set()).update(ids)
    return described


def _associations(content: bytes) -> dict[int, list[int]]:
    """The numbers of the properties of each item, in their order."""
    item_format = ">H" if not content[0] else ">L"
    is_wide = bool(content[3] & 1)
    (count,) = struct.unpack_from(">L", content, 4)
    position = 8
    associations: dict[int, list[int]] = {}
    for _ in range(min(count, _MAX_BOXES)):
        (item,) = struct.unpack_from(item_format, content, position)
        position += struct.calcsize(item_format)
        numbers = content[position]
        position += 1
        if is_wide:
            values = struct.unpack_from(f">{numbers}H", content, position)
            associations[item] = [value & 0x7FFF for value in values]
        else:
            associations[item] = [value & 0x7F for value in content[position : position + numbers]]
        position += numbers * (1 + is_wide)
    return associations


def _locations(content: bytes) -> dict[int, list[_Extent]]:
    """Where the pieces of each item lie."""
    version = content[0]
    offset_size, length_size = content[4] >> 4, content[4] & 15
    base_size, index_size = content[5] >> 4, content[5] & 15 if version else 0
    id_size = 2 if version < 2 else 4
    position = 6

    def number(size: int) -> int:
        nonlocal position
        if position + size > len(content):
            raise BrokenHeader("A box of the picture ends too early.")
        position += size
        return int.from_bytes(content[position - size : position])

    locations: dict[int, list[_Extent]] = {}
    pieces_left = _MAX_BOXES
    for _ in range(min(number(id_size), _MAX_BOXES)):
        item = number(id_size)
        method = number(2) & 15 if version else 0
        number(2)  # which file: this one
        base = number(base_size)
        extents = []
        for _ in range(number(2)):
            pieces_left -= 1
            if pieces_left < 0:
                raise BrokenHeader("The picture lies in more pieces than a photo.")
            number(index_size)
            extents.append(_Extent(method == 1, base + number(offset_size), number(length_size)))
        locations[item] = extents if method in (0, 1) else []
    return locations


def _exif(file: ByteReader, meta: _Meta) -> bytes:
    """The EXIF that belongs to the primary picture, else the first there is; empty where none can be read."""
    items = [item for item, kind in meta.kinds.items() if kind == b"Exif"]
    items.sort(key=lambda item: meta.primary not in meta.described.get(item, set()))
    content = _item(file, meta, items[0]) if items else b""
    if len(content) < 4:
        return b""
    return tiff_block(content[4 + int.from_bytes(content[:4]) :]) or tiff_block(content[4:])


def _item(file: ByteReader, meta: _Meta, item: int) -> bytes:
    extents = meta.extents.get(item, [])
    if sum(extent.length for extent in extents) > MAX_EXIF_BYTES:
        return b""
    pieces = []
    for extent in extents:
        if extent.in_idat:
            pieces.append(meta.idat[extent.offset : extent.offset + extent.length])
            continue
        if extent.offset + extent.length > file.size:
            return b""
        file.seek(extent.offset)
        pieces.append(file.read(extent.length))
    return b"".join(pieces)
