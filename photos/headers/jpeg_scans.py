"""The scans of a JPEG file: how many there are, where they end, and whether they say all about the picture.

A progressive JPEG repeats the whole picture in scans, each of which may be a hundred bytes long and costs a pass over
all its pixels: 50 kB can keep a machine busy for hours. Source: ITU-T T.81, annexes B and G; the libjpeg-turbo
project's "Two Issues with the JPEG Standard" describes the attack.
"""

import io
import re
from dataclasses import dataclass
from typing import Final

from photos.headers.byte_reader import ByteReader
from photos.headers.jpeg import END, FRAMES, START_OF_SCAN, Frame, is_for_decoders, read_frame, segments

END_MARKER: Final = b"\xff\xd9"
# Tables, comments and the application's segments, which may stand between scans.
_BETWEEN_SCANS: Final = {0xC4, 0xCC, 0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)}
# In the data of a scan FF stands only before 00, a restart marker or another FF.
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SAMSUNG_END: Final = b"SEFT"
# A block of Samsung's trailer: two zeros, its kind, the length of its name, the name.
_SAMSUNG_BLOCK: Final = re.compile(rb"\0\0..([\x04-\x40])\0\0\0([A-Z][A-Za-z0-9_]{3,63})", re.DOTALL)


@dataclass(frozen=True)
class JpegBody:
    """What a JPEG decoder needs, and what is known of it.

    `content` has no metadata and nothing behind the picture; it ends with an end marker, also where the file had none.
    `scans` is counted to the limit + 1.
    `says_all`: the scans that are there, if they are whole, hold all that the frame promises.
    """

    content: bytes
    frame: Frame
    scans: int
    has_end: bool
    says_all: bool


def read_body(content: bytes, *, max_scans: int) -> JpegBody:
    """Walk the scans of a JPEG file. Raises BrokenHeader as `jpeg.read_header` does.

    The segments between are walked, so what only looks like a scan, in a preview or a colour profile, is none.
    """
    file = ByteReader(io.BytesIO(content))
    found = list(segments(file))
    frame = read_frame(file, next(s for s in found if s.marker in FRAMES))
    scan = found[-1]
    walk = _Walk(content, frame, max_scans)
    walk.run(scan.start - 4)
    view = memoryview(content)
    kept = [view[s.start - 4 : s.start + s.length] for s in found[:-1] if is_for_decoders(s)]
    body = b"".join([content[:2], *kept, view[scan.start - 4 : walk.end], END_MARKER])
    return JpegBody(body, frame, walk.scans, walk.has_end, walk.says_all)


class _Walk:
    """One pass over the scans of a file."""

    def __init__(self, content: bytes, frame: Frame, max_scans: int) -> None:
        self._content, self._frame, self._max_scans = content, frame, max_scans
        self.scans, self.end, self.has_end = 0, len(content), False
        self._seen: set[int] = set()  # components of a sequential picture
        self._missing_bits: dict[tuple[int, int], int] = {}  # of each component and coefficient, where known

    @property
    def says_all(self) -> bool:
        if not self._frame.is_progressive:
            return len(self._seen) == self._frame.components
        return len(self._missing_bits) == 64 * self._frame.components and not any(self._missing_bits.values())

    def run(self, position: int) -> None:
        """Find the end, or count one scan more than allowed. A picture of one scan that ends well is not searched."""
        content = self._content
        while (found := _MARKER.search(content, position)) is not None:
            marker, position = content[found.start() + 1], found.end()
            is_read = not self._frame.is_progressive and self.says_all
            if marker == END or is_read or (marker != START_OF_SCAN and marker not in _BETWEEN_SCANS):
                self.end, self.has_end = found.start(), marker == END
                break
            length = int.from_bytes(content[position : position + 2])
            segment = content[position + 2 : position + length]
            position += max(2, length)
            if marker == START_OF_SCAN:
                self._add_scan(segment)
                if self.scans > self._max_scans:
                    return
                if not self._frame.is_progressive and self.says_all and content.endswith(END_MARKER):
                    self.end, self.has_end = len(content) - len(END_MARKER), True
                    return
        if not self.has_end:
            self.end = _without_samsung_trailer(content, self.end)

    def _add_scan(self, segment: bytes) -> None:
        """Note what a scan brings: components, range of coefficients, bits that are still to come."""
        self.scans += 1
        count = segment[0] if segment else 0
        components = segment[1 : 1 + 2 * count : 2]
        self._seen.update(components)
        spectral = segment[1 + 2 * count : 4 + 2 * count]
        if self._frame.is_progressive and len(spectral) == 3:
            for component in components:
                for coefficient in range(spectral[0], min(spectral[1], 63) + 1):
                    self._missing_bits[component, coefficient] = spectral[2] & 0x0F


def _without_samsung_trailer(content: bytes, end: int) -> int:
    """Where the picture ends, if Samsung's notes follow it without an end marker between; else `end`."""
    if not content.endswith(_SAMSUNG_END):
        return end
    last_scan = content.rfind(b"\xff\xda", 0, end)
    for found in _SAMSUNG_BLOCK.finditer(content, max(last_scan, 0), end):
        if len(found[2]) >= found[1][0]:
            return found.start()
    return end
