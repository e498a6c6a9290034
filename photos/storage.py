"""Where the bytes of pictures lie: the names they have, and moving them between staging and the store.

Both kinds of store (photos.local_storage, photos.s3_storage) offer the same methods beyond Django's: `put`,
`chunks`, `older_than`, `ensure_ready`. What a store cannot do just now is StoreUnavailable or StoreFull, never an error
of a disk or of a library: an outage must not look like a fault of a picture. Every call ends within OPERATION_MAX_S.
While the circuit breaker of the store is open, StoreUnavailable comes at once; staging has none.
"""

from __future__ import annotations

import hashlib
import logging
import math
import threading
import time
from collections.abc import Container, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, cast
from urllib.parse import quote
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import storages

from photos import original_cache
from photos.errors import OriginalMissing, StoreUnavailable
from photos.models import Image
from photos.store_breaker import STORE_BREAKER
from photos.store_errors import store_unavailable

logger = logging.getLogger(__name__)

DEFAULT: Final = "default"  # originals, thumbnails, drawings, previews: kept
PROCESSED: Final = "processed"  # what /analyze shows
STAGING: Final = "staging"  # a folder or bucket that web and workers share
_ALIASES: Final = (DEFAULT, PROCESSED, STAGING)
_STAGING_FOLDER: Final = "temp_uploads"
_PROBE_KEY: Final = "probe"
# The only things that stores of pictures hold.
_CONTENT_TYPES: Final = {
    "avif": "image/avif",
    "gif": "image/gif",
    "heic": "image/heic",
    "heif": "image/heif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
}

# One transfer, one wait for the last answer, and two waits for a connection that does not come about.
OPERATION_MAX_S: Final = settings.STORE_TRANSFER_S + settings.STORE_TIMEOUT_S + 15
# A request may be staged as long as a store that is good enough takes, and some time to begin. A slower one counts as
# gone: the thread that waits for it is needed by others.
_STAGING_BEGINS_WITHIN_S: Final = 10
_STAGING_BYTES_A_S: Final = 4 * 1024**2
# Threads of a web process that may wait for staging at once, and how long another waits for its turn (s): while a
# store hangs, the others go on answering.
_STAGING_WRITERS: Final = 4
_STAGING_TURN_S: Final = 2.0
_staging_writers = threading.BoundedSemaphore(_STAGING_WRITERS)


class PictureStore(Protocol):
    """What a store of pictures can do."""

    @property
    def bucket_name(self) -> str: ...

    def put(
        self,
        name: str,
        content: File[bytes],
        content_type: str,
        metadata: dict[str, str],
        *,
        within_s: float | None = None,
    ) -> None:
        """Write an object, whole or not at all; a repeat replaces it. Sending ends after STORE_TRANSFER_S or less."""

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of an object in pieces. Raises FileNotFoundError."""

    def exists(self, name: str) -> bool: ...

    def delete(self, name: str) -> None: ...

    def url(self, name: str) -> str: ...

    def older_than(self, when: datetime) -> Iterator[str]:
        """The names of objects written before a time."""

    def ensure_ready(self) -> None:
        """Make the bucket or folder if it is missing. Raises what the store raises if it does not answer."""


def store(alias: str) -> PictureStore:
    """The store behind one of Django's STORAGES."""
    return cast(PictureStore, storages[alias])


def bucket_of(alias: str) -> str:
    """The name of the bucket behind one of STORAGES; on a disk its folder stands for one."""
    return store(alias).bucket_name


# ── names ────────────────────────────────────────────────────────────────────────────────────────────
def original_key(image_id: UUID, day: date, extension: str) -> str:
    """Where the bytes of a photo are kept as they came; the extension follows from its content."""
    return f"originals/{day:%Y/%m/%d}/{image_id}.{extension}"


def thumbnail_key(image_id: UUID, day: date) -> str:
    """Where the small picture of a photo is kept."""
    return f"thumbnails/{day:%Y/%m/%d}/{image_id}.avif"


def annotated_thumbnail_key(drawing_id: UUID, day: date) -> str:
    """Where the small picture of a drawn count is kept; the day is that of the photo's upload."""
    return f"thumbnails/{day:%Y/%m/%d}/{drawing_id}_annotated.avif"


def annotated_key(drawing_id: UUID, day: date) -> str:
    """Where the picture of a drawn count is kept."""
    return f"annotated/{day:%Y/%m/%d}/{drawing_id}.avif"


def preview_key(image_id: UUID, day: date) -> str:
    """Where the JPEG is kept for an original that browsers do not show."""
    return f"previews/{day:%Y/%m/%d}/{image_id}.jpg"


def full_picture_key(image_id: UUID, day: date) -> str:
    """Where the JPEG in full size is kept for an original that browsers do not show upright."""
    return f"previews/{day:%Y/%m/%d}/{image_id}_full.jpg"


def classified_key(file_name: str) -> str:
    """Where a picture that was classified is kept; its name is made of the MD5 of its bytes."""
    return f"classified/{file_name}"


def staged_classified_key(file_name: str) -> str:
    """Where a picture to be classified waits for its way to the store."""
    return f"{_STAGING_FOLDER}/classified/{file_name}"


def staging_key(upload_session_id: UUID, image_id: UUID, extension: str) -> str:
    """Where a photo of an upload waits for its way to the store."""
    return f"{_STAGING_FOLDER}/{upload_session_id}/{image_id}.{extension}"


def chunk_key(resumable_upload_id: UUID, offset_bytes: int) -> str:
    """A new name for a chunk of a file: of two that are sent for the same bytes, neither overwrites the other."""
    return f"{_STAGING_FOLDER}/chunks/{resumable_upload_id}/{offset_bytes}-{uuid4().hex}"


def content_type_of(key: str) -> str:
    """What an object is handed out as. The end of a key is ours: it was chosen by the bytes of the picture."""
    return _CONTENT_TYPES.get(key.rpartition(".")[2].lower(), "application/octet-stream")


def staged_drawing_keys(step_id: int) -> tuple[str, str]:
    """Where a drawing and its thumbnail wait for the step that stores them."""
    folder = f"{_STAGING_FOLDER}/drawings/{step_id}"
    return f"{folder}/annotated.avif", f"{folder}/thumbnail.avif"


# ── writing and reading ──────────────────────────────────────────────────────────────────────────────
class StorageService:
    """One store of pictures (contract, 7), by the alias of one of Django's STORAGES: `default` or `processed`.

    Raises StoreUnavailable or StoreFull where the store cannot do it just now.
    """

    def __init__(self, alias: str = DEFAULT) -> None:
        self._alias = alias

    @staticmethod
    def ensure_buckets() -> None:
        """Check all stores and make missing buckets and folders; called before processes start to use them."""
        for alias in _ALIASES:
            store(alias).ensure_ready()

    def upload_file(
        self, file_bytes: bytes, filename: str, *, metadata: Mapping[str, str] | None = None
    ) -> str:
        """Write an object, whole or not at all, and give its path. A repeat replaces it."""
        with _breaker_of(self._alias):
            store(self._alias).put(
                filename, ContentFile(file_bytes), content_type_of(filename), dict(metadata or {})
            )
        return filename

    def get_file(self, filename: str) -> bytes:
        """All bytes of an object. Raises FileNotFoundError."""
        return b"".join(_pieces(self._alias, filename))


def _breaker_of(alias: str) -> AbstractContextManager[None]:
    return nullcontext() if alias == STAGING else STORE_BREAKER.guard()


def probe_store() -> None:
    """Write a small object and delete it: what closes the circuit breaker when the store is back."""
    with STORE_BREAKER.guard():
        store(DEFAULT).put(_PROBE_KEY, ContentFile(b"probe"), content_type_of(_PROBE_KEY), {})
        store(DEFAULT).delete(_PROBE_KEY)


def delete(alias: str, key: str) -> None:
    """Delete an object. Nothing happens if it is gone."""
    with _breaker_of(alias):
        store(alias).delete(key)


def signed_url(alias: str, key: str) -> str | None:
    """A link to an object that is good for SIGNED_LINK_S; None for an empty key (a picture not made yet)."""
    return store(alias).url(key) if key else None


def drawings_alias(image: Image) -> str:
    """The store of a photo's drawings: analyses have theirs in a bucket of their own."""
    return DEFAULT if image.with_inventory else PROCESSED


def metadata_of(image: Image) -> dict[str, str]:
    """What each object says about its photo. ASCII, as S3 demands of metadata; the file name is percent-encoded."""
    return {
        "image_id": str(image.pk),
        "uploaded_by": str(image.uploaded_by_id),
        "upload_timestamp": image.uploaded_at.isoformat(),
        "content_type": image.content_type,
        "original_filename": quote(image.original_filename),
    }


def stage_uploads(uploads: Sequence[tuple[File[Any], str]]) -> None:
    """Put the (file, key)s of one request into staging; temporary files on the same disk are moved, not copied.

    Raises StoreUnavailable or StoreFull if the store is away, full or too slow; what was staged by then is discarded.
    """
    deadline = time.monotonic() + _STAGING_BEGINS_WITHIN_S
    for number, (file, key) in enumerate(uploads):
        deadline += (file.size or 0) / _STAGING_BYTES_A_S
        try:
            with _staging_turn():
                _stage(file, key, deadline)
        except BaseException:
            with suppress(StoreUnavailable), _staging_turn():  # else `clear_staging` finds them
                staging_discard([key for _file, key in uploads[: number + 1]])
            raise


@contextmanager
def _staging_turn() -> Iterator[None]:
    """Be one of few threads that wait for staging. Raises StoreUnavailable where the others take too long."""
    if not _staging_writers.acquire(timeout=_STAGING_TURN_S):
        raise store_unavailable()
    try:
        yield
    finally:
        _staging_writers.release()


def _stage(file: File[Any], key: str, deadline: float) -> None:
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise store_unavailable()
    # Of what the bytes are, never what the client calls them: a bucket would hand out a page as one.
    within_s = min(left_s, settings.STORE_TRANSFER_S)
    store(STAGING).put(key, file, content_type_of(key), {}, within_s=within_s)


def staging_put(key: str, data: bytes) -> None:
    """Put bytes into staging. Safe to repeat."""
    store(STAGING).put(key, ContentFile(data), "application/octet-stream", {})


def staging_read(key: str) -> bytes:
    """All bytes of a staged object. Raises FileNotFoundError."""
    return b"".join(_pieces(STAGING, key))


def staging_pieces(keys: Sequence[str], size_bytes: int) -> Generator[bytes, None, None]:
    """The bytes of staged objects, one after the other, in pieces; all within the time of one upload of that size.

    For the web: until it is closed it is one of the few threads that wait for staging. Raises FileNotFoundError,
    StoreUnavailable.
    """
    deadline = time.monotonic() + _STAGING_BEGINS_WITHIN_S + size_bytes / _STAGING_BYTES_A_S
    with _staging_turn():
        for key in keys:
            yield from _pieces(STAGING, key, deadline)


def _pieces(alias: str, key: str, until: float = math.inf) -> Iterator[bytes]:
    """The bytes of an object, for STORE_TRANSFER_S at most and never beyond a time. Raises FileNotFoundError."""
    begun = time.monotonic()
    deadline = min(begun + settings.STORE_TRANSFER_S, until)
    with _breaker_of(alias):
        for piece in store(alias).chunks(key):
            if time.monotonic() > deadline:
                logger.warning("Reading %s took longer than %.0f s.", key, deadline - begun)
                raise store_unavailable()
            yield piece


def staging_discard(keys: Sequence[str]) -> None:
    """Delete staged objects that nobody needs. What a store that is away keeps, `clear_staging` clears later."""
    try:
        for key in keys:
            staging_delete(key)
    except StoreUnavailable:
        logger.warning("Staged objects are left to be cleared later: %s", ", ".join(keys))


def staging_delete(key: str) -> None:
    """Delete a staged object. Nothing happens if it is gone."""
    store(STAGING).delete(key)


def move_original_to_store(image: Image) -> None:
    """Copy an original from staging to the store. The staged bytes stay until the caller's row says `is_stored`.

    Safe to repeat, also when an earlier run has stored it and cleared staging. Raises OriginalMissing if neither
    place has the bytes with its SHA-256: what a disk has lost half of must not take the place of the whole.
    """
    copy_to_store(image.sha256, image.staging_key, image.original_key, metadata_of(image))


def copy_to_store(sha256: str, staging_key: str, key: str, metadata: dict[str, str]) -> None:
    """The same for any staged picture and the key that it gets."""
    with suppress(FileNotFoundError):
        data = staging_read(staging_key)
        if hashlib.sha256(data).hexdigest() == sha256:
            StorageService().upload_file(data, key, metadata=metadata)
            return
        logger.error("What is staged as %s is not what was uploaded.", staging_key)
    with suppress(FileNotFoundError):
        if hashlib.sha256(StorageService().get_file(key)).hexdigest() == sha256:
            return
    raise OriginalMissing("The uploaded bytes are no longer in staging, nor in the store.")


def open_original(image: Image) -> AbstractContextManager[Path]:
    """The original as a local file, good within the block and checked against its SHA-256.

    It comes from the disk cache, staging, or the store. Raises OriginalMissing if both have answered and neither has
    it, StoreUnavailable if one that might have it does not answer.
    """
    return open_staged_or_stored(image.sha256, image.staging_key, image.original_key)


def open_staged_or_stored(sha256: str, staging_key: str, key: str) -> AbstractContextManager[Path]:
    """The same for any picture; an empty `staging_key` is one that is staged no more."""
    aliases = [(STAGING, staging_key)] if staging_key else []
    aliases.append((DEFAULT, key))
    return original_cache.opened(sha256, [partial(_pieces, alias, name) for alias, name in aliases])


def clear_staging(*, older_than: datetime, needed: Container[str]) -> int:
    """Delete staged objects written before a time, but none whose name is needed. How many."""
    unneeded = [name for name in store(STAGING).older_than(older_than) if name not in needed]
    for name in unneeded:
        staging_delete(name)
    return len(unneeded)
