"""JPEG: segments of a marker and a length, up to the first scan. Source: ITU-T T.81, annex B; CIPA DC-008, 4.5.4."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from photos.headers.byte_reader import BrokenHeader, ByteReader
from photos.headers.header import Header
from photos.headers.tiff import orientation_in, tiff_block

START_OF_SCAN: Final = 0xDA
END: Final = 0xD9
PROGRESSIVE: Final = {0xC2, 0xC6, 0xCA, 0xCE}
FRAMES: Final = PROGRESSIVE | {0xC0, 0xC1, 0xC3, 0xC5, 0xC7, 0xC9, 0xCB, 0xCD, 0xCF}
_JFIF, _EXIF_OR_XMP, _ADOBE, _COMMENT = 0xE0, 0xE1, 0xEE, 0xFE
_APPLICATION: Final = range(0xE0, 0xF0)
_WITHOUT_LENGTH: Final = {0x01, *range(0xD0, 0xD9)}
_EXIF: Final = b"Exif\0"
_MARKER: Final = re.compile(rb"\xff[^\x00\xff]")
_MAX_BYTES_BETWEEN: Final = 16 * 1024  # that belong to no segment; decoders skip them


@dataclass(frozen=True)
class Frame:
    """What a start-of-frame segment says."""

    is_progressive: bool
    width_px: int
    height_px: int
    components: int


@dataclass(frozen=True)
class Segment:
    """A marker and where its content lies, behind the two bytes of its length."""

    marker: int
    start: int
    length: int


def read_header(file: ByteReader) -> Header:
    """Size, orientation and EXIF. Raises BrokenHeader, also where there is no scan."""
    frame, exif = None, b""
    for segment in segments(file):
        if segment.marker in FRAMES:
            frame = frame or read_frame(file, segment)
        elif segment.marker == _EXIF_OR_XMP and not exif:
            file.seek(segment.start)
            if (
                segment.length > 6 and file.peek_ahead(len(_EXIF)) == _EXIF
            ):  # not XMP, which may take megabytes
                exif = tiff_block(file.read(segment.length))
    if frame is None:
        raise BrokenHeader("The JPEG has no size.")
    return Header(frame.width_px, frame.height_px, orientation_in(exif), exif)


def read_frame(file: ByteReader, segment: Segment) -> Frame:
    """Raises BrokenHeader for a frame that decoders do not take: of 12 bits, or without a height."""
    file.seek(segment.start)
    content = file.read(6)
    height_px, width_px = int.from_bytes(content[1:3]), int.from_bytes(content[3:5])
    if content[0] != 8 or not height_px or not width_px or content[5] not in (1, 3, 4):
        raise BrokenHeader("The JPEG has a frame that cannot be decoded.")
    return Frame(segment.marker in PROGRESSIVE, width_px, height_px, content[5])


def segments(file: ByteReader) -> Iterator[Segment]:
    """The segments of a file up to its first start of scan, which is the last one. Raises BrokenHeader before that."""
    position = 2
    while True:
        file.seek(position)
        head = file.peek_ahead(4)
        if len(head) < 4 or head[0] != 0xFF or head[1] in (0x00, 0xFF):
            position = _next_marker(file, position)
            continue
        marker = head[1]
        if marker == END:
            raise BrokenHeader("The JPEG ends before its first scan.")
        if marker in _WITHOUT_LENGTH:
            position += 2
            continue
        length = int.from_bytes(head[2:])
        if length < 2:
            raise BrokenHeader("The JPEG has a segment shorter than its own length.")
        yield Segment(marker, position + 4, length - 2)
        if marker == START_OF_SCAN:
            return
        position += 2 + length


def is_for_decoders(segment: Segment) -> bool:
    """Whether pixels depend on a segment. Of the application's own only those that say what its colours are do."""
    if segment.marker in _APPLICATION:
        return segment.marker in (_JFIF, _ADOBE)
    return segment.marker != _COMMENT


def _next_marker(file: ByteReader, position: int) -> int:
    """Where the next marker begins, past filling and past bytes that belong to no segment."""
    content = file.peek_ahead(_MAX_BYTES_BETWEEN)
    found = _MARKER.search(content)
    if found is None or position + found.start() + 4 > file.size:
        raise BrokenHeader("The JPEG ends before its first scan.")
    return position + found.start()
