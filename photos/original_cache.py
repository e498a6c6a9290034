"""A bounded folder of originals on a worker's disk, so that the steps of one photo read the store once.

Shared by all worker processes of a machine: files appear whole (written beside, then renamed), are named by their
SHA-256 and checked against it, and the longest unused go first. By hand: decoders need a path, and Django's file cache
keeps pickled values, bounded by their number and not in bytes.
"""

import hashlib
import logging
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from django.conf import settings
from django.utils.translation import gettext as _

from photos.errors import OriginalMissing, StoreUnavailable
from photos.store_errors import outages_reported

logger = logging.getLogger(__name__)

# A file that was asked for this recently (s) is not cleared: its reader may be about to open it. Until then the
# folder may exceed its bound by what is in use.
KEPT_S: Final = 60
_PIECE_BYTES: Final = 1024**2

Source = Callable[[], Iterator[bytes]]


@contextmanager
def opened(sha256: str, sources: Sequence[Source]) -> Iterator[Path]:
    """The file with this SHA-256, from the cache or the first source that has it; good within the block.

    A cache that cannot be written (its disk is full, or read-only) is done without: the file is then in memory.
    Raises OriginalMissing if every source has answered and none has it, or what they have is something else;
    StoreUnavailable if one that might have it does not answer.
    """
    path = _folder() / sha256[:2] / sha256
    if _is_whole(path, sha256):
        yield path
        return
    data = _read(sha256, sources)
    try:
        _keep(path, data)
    except OSError as error:
        logger.warning("An original cannot be kept in the cache: %s", error)
        clear(max_bytes=0)  # others may need the room more
        with _in_memory(data) as elsewhere:
            yield elsewhere
        return
    clear(keep=path)
    yield path


def _read(sha256: str, sources: Sequence[Source]) -> bytes:
    """The bytes that have this SHA-256: at most UPLOAD_MAX_FILE_BYTES, as nothing longer is accepted."""
    outage: StoreUnavailable | None = None
    for pieces in sources:
        try:
            data = b"".join(pieces())
        except FileNotFoundError:
            continue  # cleared from staging meanwhile; the store has it then
        except StoreUnavailable as error:
            outage = error
            continue
        if hashlib.sha256(data).hexdigest() == sha256:
            return data
    if outage is not None:
        raise outage
    raise OriginalMissing(_("The original of this photo cannot be found. Upload the photo again."))


@contextmanager
def _in_memory(data: bytes) -> Iterator[Path]:
    """A file that lies in memory and has a path, also for child processes; in the temporary folder where none can."""
    has_memory_files = hasattr(os, "memfd_create")  # Linux
    with os.fdopen(os.memfd_create("original"), "wb") if has_memory_files else _temporary_file() as file:
        with outages_reported():
            file.write(data)
            file.flush()
        yield Path(f"/proc/{os.getpid()}/fd/{file.fileno()}" if has_memory_files else file.name)


def _temporary_file() -> IO[bytes]:
    with outages_reported():
        return tempfile.NamedTemporaryFile(prefix="original-")


def clear(*, keep: Path | None = None, max_bytes: int | None = None) -> int:
    """Delete the longest unused files until the folder is within PHOTO_CACHE_BYTES, or less. Returns how many."""
    if max_bytes is None:
        max_bytes = settings.PHOTO_CACHE_BYTES
    files = sorted((entry for entry in _files() if entry[2] != keep), key=lambda entry: entry[0])
    held_bytes = sum(size for _used, size, _path in files) + (keep.stat().st_size if keep else 0)
    deleted = 0
    for used_at, size, path in files:
        if held_bytes <= max_bytes or used_at > time.time() - KEPT_S:
            break
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("The cache of originals cannot be cleared: %s", error)
            break
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
    except OSError:  # it is not there, or the disk cannot say
        return False
    return digest.hexdigest() == sha256


def _keep(path: Path, data: bytes) -> None:
    """Write a file under its name, whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"draft-{uuid.uuid4().hex}")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
