"""Reading a file in small pieces, with a bound on the whole."""

import os
from typing import BinaryIO, Final

MAX_BYTES: Final = 4 * 1024**2  # headers take kilobytes; a block of metadata may take one megabyte
# libpng writes chunks of 8 kB: 20 MB are 2,560 of them.
MAX_PARTS: Final = 16_384


class BrokenHeader(Exception):
    """The header ends too early, contradicts itself, or is longer than the header of a photo."""


class ByteReader:
    """A binary file of which at most `max_bytes` are read in at most `max_parts` steps. Skipping costs nothing."""

    def __init__(self, file: BinaryIO, *, max_bytes: int = MAX_BYTES, max_parts: int = MAX_PARTS) -> None:
        self._file = file
        self._bytes_left, self._parts_left = max_bytes, max_parts
        file.seek(0, os.SEEK_END)
        self.size = file.tell()
        self.seek(0)

    def read(self, count: int) -> bytes:
        """Exactly `count` bytes. Raises BrokenHeader where there are fewer, or a bound is reached."""
        self._bytes_left -= count
        self._parts_left -= 1
        if self._bytes_left < 0 or self._parts_left < 0:
            raise BrokenHeader("The header is longer than that of a photo.")
        content = self._file.read(count)
        if len(content) != count:
            raise BrokenHeader("The file ends within its header.")
        return content

    def peek_ahead(self, count: int) -> bytes:
        """`count` bytes, fewer at the end of the file, without moving on."""
        position = self.position
        content = self.read(min(count, max(0, self.size - position)))
        self.seek(position)
        return content

    def number(self, count: int) -> int:
        """A number of `count` bytes, the most significant first."""
        return int.from_bytes(self.read(count))

    @property
    def position(self) -> int:
        return self._file.tell()

    def seek(self, position: int) -> None:
        """Go to a place, which may lie behind the end: reading there raises BrokenHeader."""
        self._file.seek(position)

    def has(self, count: int) -> bool:
        """Whether so many bytes are left."""
        return self.position + count <= self.size
