"""Other pictures of a photo, made in a decoding process: small ones, and one in full size that browsers show."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from photos import image_files
from photos.decoding.pool import memory_file, pool

THUMBNAIL_PX: Final = 300  # longest side
THUMBNAIL_QUALITY: Final = 85
PREVIEW_PX: Final = 2560


@dataclass(frozen=True)
class Renderings:
    """A thumbnail (AVIF), and a JPEG that every browser shows upright, if it was asked for. Neither has metadata."""

    thumbnail: bytes
    preview: bytes | None


def render(path: Path, *, with_preview: bool) -> Renderings:
    """Make a photo's small pictures. Raises InvalidFileType, ImageTooLarge, and as `DecodePool.call` does."""
    _check(path)
    pieces = _made_by("photos.decoding.renderings:render_here", path=str(path), with_preview=with_preview)
    return Renderings(pieces[0], pieces[1] if with_preview else None)


def render_full_size(path: Path) -> bytes:
    """Make an upright JPEG of all pixels of a photo, without metadata. Raises as `render` does."""
    _check(path)
    return _made_by("photos.decoding.renderings:render_full_size_here", path=str(path))[0]


def render_here(output: int, *, path: str, with_preview: bool) -> list[int]:
    """Write the small pictures one after another, in this process; returns their sizes in bytes."""
    with Path(path).open("rb") as file:
        picture = image_files.open_picture(file, at_least_px=PREVIEW_PX if with_preview else 2 * THUMBNAIL_PX)
    made = [image_files.encode_avif(image_files.thumbnail(picture, THUMBNAIL_PX), quality=THUMBNAIL_QUALITY)]
    if with_preview:
        made.append(image_files.encode_jpeg(image_files.thumbnail(picture, PREVIEW_PX)))
    return _write(output, made)


def render_full_size_here(output: int, *, path: str) -> list[int]:
    """Write the JPEG of all pixels, in this process; returns its size in bytes."""
    with Path(path).open("rb") as file:
        return _write(output, [image_files.encode_jpeg(image_files.open_picture(file))])


def _check(path: Path) -> None:
    with path.open("rb") as file:
        info = image_files.detect_format(file)
        image_files.check_size(info.width_px, info.height_px)


def _made_by(function: str, **arguments: Any) -> list[bytes]:
    """What a function writes in a decoding process, which returns the sizes of its pieces."""
    output = memory_file()
    try:
        pieces, start = [], 0
        for size in pool().call(function, output, **arguments):
            pieces.append(os.pread(output, min(size, os.fstat(output).st_size), start))
            start += size
    finally:
        os.close(output)
    return pieces


def _write(output: int, made: list[bytes]) -> list[int]:
    start = 0
    for content in made:
        start += os.pwrite(output, content, start)  # not where another process, which crashed, has left off
    return [len(content) for content in made]
