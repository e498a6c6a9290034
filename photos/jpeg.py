"""What Pillow does not tell about a JPEG file before it decodes it: how often its decoder will go over the picture.

A progressive JPEG repeats the whole picture in scans, each of which may be a hundred bytes long and costs a pass over
all its pixels: 50 kB can keep a machine busy for hours. Source: ITU-T T.81, annex B; the libjpeg-turbo project's
"Two Issues with the JPEG Standard" describes the attack.
"""

import re
from typing import BinaryIO, Final

_START_OF_SCAN, _END = 0xDA, 0xD9
_PROGRESSIVE: Final = {0xC2, 0xC6, 0xCA, 0xCE}
_FRAMES: Final = _PROGRESSIVE | {0xC0, 0xC1, 0xC3, 0xC5, 0xC7, 0xC9, 0xCB, 0xCD, 0xCF}
_WITHOUT_LENGTH: Final = {0x01, *range(0xD0, 0xD9)}
# After a scan's header come its data, in which FF stands only before 00, a restart marker or another FF.
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def count_scans(file: BinaryIO, limit: int) -> int:
    """How many scans a JPEG file holds up to its end marker, counted to `limit` + 1; 0 for a file without any.

    The segments between are walked, so what only looks like a scan, in a preview or a colour profile, is none. A
    sequential picture whose first scan has all its components is read once, and the rest of the file is not looked
    at. The file is left at its beginning.
    """
    file.seek(0)
    content = file.read()
    file.seek(0)
    position, components, is_progressive, scans = 2, 0, False, 0
    while (found := _MARKER.search(content, position)) is not None and scans <= limit:
        marker, position = content[found.start() + 1], found.end()
        if marker == _END:
            break
        if marker in _WITHOUT_LENGTH:
            continue
        segment = content[position : position + int.from_bytes(content[position : position + 2])]
        position += max(2, len(segment))
        if marker in _FRAMES and len(segment) > 7:
            components, is_progressive = segment[7], marker in _PROGRESSIVE
        elif marker == _START_OF_SCAN and len(segment) > 2:
            scans += 1
            if not is_progressive and segment[2] >= components:
                break
    return scans
