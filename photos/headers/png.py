"""PNG: chunks of length, type, content and checksum. Source: PNG specification, third edition, sections 5 and 11."""

from collections.abc import Iterator
from typing import Final

from photos.headers.byte_reader import BrokenHeader, ByteReader
from photos.headers.header import Header
from photos.headers.tiff import MAX_EXIF_BYTES, orientation_in, tiff_block

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
# The chunks that pixels are made of. Gamma, profiles and texts are left out: none of them changes a number of the
# pixels as they are decoded, and a text of a few kilobytes may unfold into gigabytes.
_PIXEL_CHUNKS: Final = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


def read_header(file: ByteReader) -> Header:
    """Size, orientation and EXIF, which may also stand behind the pixels. Raises BrokenHeader."""
    width_px = height_px = 0
    exif = b""
    for kind, start, length in _chunks(file):
        if kind == b"IHDR" and not width_px:
            file.seek(start)
            width_px, height_px = file.number(4), file.number(4)
        elif not width_px:
            raise BrokenHeader("A PNG begins with its size.")
        elif kind == b"eXIf" and not exif and length <= MAX_EXIF_BYTES and file.size - start >= length:
            file.seek(start)
            exif = tiff_block(file.read(length))
    if width_px <= 0 or height_px <= 0:
        raise BrokenHeader("The PNG has no size.")
    return Header(width_px, height_px, orientation_in(exif), exif)


def pixel_chunks(file: ByteReader) -> bytes:
    """A PNG of the same pixels without anything else. An animation becomes its default picture."""
    content = [SIGNATURE]
    kept = [(start, length) for kind, start, length in _chunks(file) if kind in _PIXEL_CHUNKS]
    for start, length in kept:
        file.seek(start - 8)
        content.append(file.read(min(length + 12, max(0, file.size - start + 8))))
    return b"".join(content)


def _chunks(file: ByteReader) -> Iterator[tuple[bytes, int, int]]:
    """(type, offset of the content, its length) of each chunk, up to the end or to what is no chunk."""
    position = len(SIGNATURE)
    while position + 8 <= file.size:
        file.seek(position)
        head = file.read(8)
        kind, length = head[4:], int.from_bytes(head[:4])
        if not kind.isalpha() or length > 0x7FFFFFFF:
            return
        yield kind, position + 8, length
        if kind == b"IEND":
            return
        position += length + 12
