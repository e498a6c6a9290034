"""A bounded folder of originals on a worker's disk, so that the steps of one photo read the store once.

Shared by all worker processes of a machine: files appear whole (written beside, then renamed), are named by their
SHA-256 and checked against it, and the longest unused go first.
"""

import hashlib
import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from photos.errors import OriginalMissing

# A file that was asked for this recently (s) is not cleared: its reader may be about to open it. Until then the
# folder may exceed its bound by what is in use.
KEPT_S: Final = 60
_PIECE_BYTES: Final = 1024**2

Source = tuple[Callable[[str], Iterator[bytes]], str]


def fetch(sha256: str, sources: Sequence[Source]) -> Path:
    """The file with this SHA-256, from the cache or the first source that has it.

    Raises OriginalMissing if no source has it, or what they have is something else; TimeoutError if reading takes
    longer than STORE_READ_TIMEOUT_S.
    """
    path = _folder() / sha256[:2] / sha256
    if _is_whole(path, sha256):
        return path
    for chunks, key in sources:
        try:
            if _fill(path, sha256, chunks(key)):
                clear(keep=path)
                return path
        except FileNotFoundError:
            continue  # cleared from staging meanwhile; the store has it then
    raise OriginalMissing(_("The original of this photo cannot be found. Upload the photo again."))


def clear(*, keep: Path | None = None) -> int:
    """Delete the longest unused files until the folder is within PHOTO_CACHE_BYTES. Returns how many."""
    files = sorted((entry for entry in _files() if entry[2] != keep), key=lambda entry: entry[0])
    held_bytes = sum(size for _used, size, _path in files) + (keep.stat().st_size if keep else 0)
    deleted = 0
    for used_at, size, path in files:
        if held_bytes <= settings.PHOTO_CACHE_BYTES or used_at > time.time() - KEPT_S:
            break
        path.unlink(missing_ok=True)
        held_bytes -= size
        deleted += 1
    return deleted


def _folder() -> Path:
    return Path(settings.PHOTO_CACHE_DIR)


def _files() -> Iterator[tuple[float, int, Path]]:
    """(time of last use, bytes, path) of each file; those that another process deletes meanwhile are left out."""
    for path in _folder().glob("??/*"):
        try:
            state = path.stat()
        except FileNotFoundError:
            continue
        yield state.st_mtime, state.st_size, path


def _is_whole(path: Path, sha256: str) -> bool:
    """Whether the cache has the file and its bytes are right; it then counts as just used."""
    try:
        os.utime(path)  # first, so that no other process clears it while it is read
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
    except FileNotFoundError:
        return False
    return digest.hexdigest() == sha256


def _fill(path: Path, sha256: str, chunks: Iterator[bytes]) -> bool:
    """Write a file from its chunks under its name, if their SHA-256 is right."""
    deadline = time.monotonic() + settings.STORE_READ_TIMEOUT_S
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"draft-{uuid.uuid4().hex}")
    digest = hashlib.sha256()
    try:
        with draft.open("wb") as file:
            for piece in chunks:
                file.write(piece)
                digest.update(piece)
                if time.monotonic() > deadline:
                    raise TimeoutError(f"Reading took longer than {settings.STORE_READ_TIMEOUT_S} s.")
        if digest.hexdigest() != sha256:
            return False
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return True
