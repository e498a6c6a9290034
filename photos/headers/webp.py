"""WebP: a RIFF of chunks. Source: RFC 9649, sections 2 and 3."""

from typing import Final

from photos.headers.byte_reader import BrokenHeader, ByteReader
from photos.headers.header import Header
from photos.headers.tiff import MAX_EXIF_BYTES, orientation_in, tiff_block

_VP8_START_CODE: Final = b"\x9d\x01\x2a"
_VP8L_SIGNATURE: Final = 0x2F


def read_header(file: ByteReader) -> Header:
    """Size of the canvas, orientation and EXIF. Raises BrokenHeader."""
    size: tuple[int, int] | None = None
    exif = b""
    position = 12
    while position + 8 <= file.size:
        file.seek(position)
        head = file.read(8)
        kind, length = head[:4], int.from_bytes(head[4:], "little")
        if kind in _SIZES and size is None:
            size = _SIZES[kind](file.read(10))
        elif kind == b"EXIF" and not exif and length <= MAX_EXIF_BYTES and file.has(length):
            exif = tiff_block(file.read(length))
        position += 8 + length + length % 2
    if size is None or 0 in size:
        raise BrokenHeader("The WebP has no size.")
    return Header(*size, orientation_in(exif), exif)


def _extended_size(content: bytes) -> tuple[int, int]:
    return int.from_bytes(content[4:7], "little") + 1, int.from_bytes(content[7:10], "little") + 1


def _lossy_size(content: bytes) -> tuple[int, int]:
    if content[3:6] != _VP8_START_CODE:
        raise BrokenHeader("The WebP's picture has no start code.")
    return int.from_bytes(content[6:8], "little") & 0x3FFF, int.from_bytes(content[8:10], "little") & 0x3FFF


def _lossless_size(content: bytes) -> tuple[int, int]:
    if content[0] != _VP8L_SIGNATURE:
        raise BrokenHeader("The WebP's picture has no signature.")
    bits = int.from_bytes(content[1:5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


_SIZES: Final = {b"VP8X": _extended_size, b"VP8 ": _lossy_size, b"VP8L": _lossless_size}
