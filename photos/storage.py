"""Where the bytes of pictures lie: the names they have, and moving them between staging and the store.

Both kinds of store (photos.local_storage, photos.s3_storage) offer the same methods beyond Django's: `put`,
`chunks`, `older_than`, `ensure_ready`. What a store cannot do just now is an OSError or an error of botocore.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Protocol, cast
from urllib.parse import quote
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.core.files.storage import storages

from photos import original_cache
from photos.errors import OriginalMissing
from photos.models import Image

DEFAULT: Final = "default"  # originals, thumbnails, drawings, previews: kept
PROCESSED: Final = "processed"  # what /analyze shows
STAGING: Final = "staging"  # a folder or bucket that web and workers share
_ALIASES: Final = (DEFAULT, PROCESSED, STAGING)
_STAGING_FOLDER: Final = "temp_uploads"


class PictureStore(Protocol):
    """What a store of pictures can do."""

    def put(self, name: str, content: File[bytes], content_type: str, metadata: dict[str, str]) -> None:
        """Write an object, whole or not at all; a repeat replaces it."""

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


# ── names ────────────────────────────────────────────────────────────────────────────────────────────
def original_key(image_id: UUID, day: date, extension: str) -> str:
    return f"originals/{day:%Y/%m/%d}/{image_id}.{extension}"


def thumbnail_key(image_id: UUID, day: date) -> str:
    return f"thumbnails/{day:%Y/%m/%d}/{image_id}.avif"


def annotated_thumbnail_key(image_id: UUID, day: date) -> str:
    return f"thumbnails/{day:%Y/%m/%d}/{image_id}_annotated.avif"


def annotated_key(image_id: UUID, day: date) -> str:
    return f"annotated/{day:%Y/%m/%d}/{image_id}.avif"


def preview_key(image_id: UUID, day: date) -> str:
    return f"previews/{day:%Y/%m/%d}/{image_id}.jpg"


def staging_key(upload_session_id: UUID, image_id: UUID, extension: str) -> str:
    return f"{_STAGING_FOLDER}/{upload_session_id}/{image_id}.{extension}"


def staged_drawing_key(step_id: int, key: str) -> str:
    """Where a drawing waits for the step that stores it under `key`."""
    return f"{_STAGING_FOLDER}/drawings/{step_id}/{key.replace('/', '-')}"


# ── writing and reading ──────────────────────────────────────────────────────────────────────────────
def put(alias: str, key: str, data: bytes, *, content_type: str, metadata: dict[str, str]) -> None:
    """Write an object into a store. Safe to repeat."""
    store(alias).put(key, ContentFile(data), content_type, metadata)


def signed_url(alias: str, key: str) -> str | None:
    """A link to an object that is good for SIGNED_LINK_S; None for an empty key (a picture not made yet)."""
    return store(alias).url(key) if key else None


def annotated_url(image: Image) -> str | None:
    """A link to the drawing of a photo; None until it is made. Analyses have theirs in a bucket of their own."""
    return signed_url(DEFAULT if image.with_inventory else PROCESSED, image.annotated_key)


def metadata_of(image: Image) -> dict[str, str]:
    """What each object says about its photo. ASCII, as S3 demands of metadata; the file name is percent-encoded."""
    return {
        "image_id": str(image.pk),
        "uploaded_by": str(image.uploaded_by_id),
        "upload_timestamp": image.uploaded_at.isoformat(),
        "content_type": image.content_type,
        "original_filename": quote(image.original_filename),
    }


def stage_upload(file: File[Any], key: str) -> None:
    """Put an uploaded file into staging; a temporary file on the same disk is moved, not copied."""
    store(STAGING).put(key, file, getattr(file, "content_type", None) or "application/octet-stream", {})


def staging_put(key: str, data: bytes) -> None:
    """Put bytes into staging. Safe to repeat."""
    store(STAGING).put(key, ContentFile(data), "application/octet-stream", {})


def staging_read(key: str) -> bytes:
    """All bytes of a staged object. Raises FileNotFoundError."""
    return b"".join(store(STAGING).chunks(key))


def staging_delete(key: str) -> None:
    """Delete a staged object. Nothing happens if it is gone."""
    store(STAGING).delete(key)


def move_original_to_store(image: Image) -> None:
    """Copy an original from staging to the store. The staged bytes stay until the caller's row says `is_stored`.

    Safe to repeat, also when an earlier run has stored it and cleared staging. Raises OriginalMissing if neither
    place has it.
    """
    try:
        data = staging_read(image.staging_key)
    except FileNotFoundError as error:
        if store(DEFAULT).exists(image.original_key):
            return
        raise OriginalMissing("The uploaded bytes are no longer in staging, nor in the store.") from error
    put(DEFAULT, image.original_key, data, content_type=image.content_type, metadata=metadata_of(image))


def open_original(image: Image) -> Path:
    """The original as a local file, checked against its SHA-256: from the disk cache, staging, or the store.

    The file stays at least original_cache.KEPT_S. Raises OriginalMissing; TimeoutError after STORE_READ_TIMEOUT_S.
    """
    sources = [(STAGING, image.staging_key)] if image.staging_key else []
    sources.append((DEFAULT, image.original_key))
    return original_cache.fetch(image.sha256, [(store(alias).chunks, key) for alias, key in sources])


def clear_staging(*, older_than: datetime) -> int:
    """Delete staged objects written before a time, but none that a photo still waits to be stored from. How many."""
    needed = set(Image.objects.exclude(staging_key="").values_list("staging_key", flat=True))
    unneeded = [name for name in store(STAGING).older_than(older_than) if name not in needed]
    for name in unneeded:
        staging_delete(name)
    return len(unneeded)


def ensure_buckets() -> None:
    """Check the stores and make missing buckets and folders; called before processes start to use them."""
    for alias in _ALIASES:
        store(alias).ensure_ready()
