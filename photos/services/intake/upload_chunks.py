"""The rows of files that come in chunks: where the next byte belongs, under lock, and what has had its time."""

from __future__ import annotations  # Django's files take no type argument at run time

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.errors import DATABASE_AWAY
from photos import storage
from photos.errors import OffsetMismatch, OtherUpload, TooManyChunks
from photos.models import ResumableUpload, UploadChunk, UploadJob

_CLEAR_CHUNK: Final = 500


def expiry(now: datetime) -> datetime:
    """Until when an upload can be continued of which something has arrived now."""
    return now + timedelta(hours=settings.RESUMABLE_UPLOAD_H)


def keep_chunk(resumable: ResumableUpload, *, offset_bytes: int, file: File[Any]) -> None:
    """Keep the next chunk of a file that is not whole with it. The bytes first, then the row that knows of them.

    Raises OffsetMismatch if it does not belong there (any more), TooManyChunks, StoreUnavailable, StoreFull; nothing
    is kept then. If the database is away, the bytes stay: the row may have been written.
    """
    check_offset(resumable, offset_bytes)
    if resumable.chunks.count() >= settings.RESUMABLE_UPLOAD_MAX_CHUNKS:
        raise TooManyChunks(
            _("The file comes in too many chunks. Send larger ones."),
            limit=settings.RESUMABLE_UPLOAD_MAX_CHUNKS,
        )
    size_bytes = file.size or 0
    key = storage.chunk_key(resumable.pk, offset_bytes)
    storage.stage_uploads([(file, key)])
    try:
        with transaction.atomic():
            _advance(resumable, offset_bytes=offset_bytes, size_bytes=size_bytes)
            UploadChunk.objects.create(
                resumable_upload=resumable,
                offset_bytes=offset_bytes,
                size_bytes=size_bytes,
                staging_key=key,
            )
    except DATABASE_AWAY:
        raise  # a COMMIT without an answer may have been made: `clear_staging` finds what no row names
    except BaseException:
        storage.staging_discard([key])
        raise
    resumable.offset_bytes = offset_bytes + size_bytes


def end_resumable(resumable: ResumableUpload, job: UploadJob) -> None:
    """Write that the last byte has arrived, with the job that it led to. Only within the transaction of that job.

    Raises OffsetMismatch if another request was faster: the transaction must be given up then.
    """
    offset_bytes = resumable.offset_bytes
    _advance(resumable, offset_bytes=offset_bytes, size_bytes=resumable.size_bytes - offset_bytes, job=job)
    resumable.chunks.all().delete()
    resumable.offset_bytes, resumable.job = resumable.size_bytes, job


def start_again(resumable: ResumableUpload) -> None:
    """Forget what has arrived: its bytes are not those that were announced, or are lost."""
    keys = chunk_keys(resumable)
    with transaction.atomic():
        _advance(resumable, offset_bytes=resumable.offset_bytes, size_bytes=-resumable.offset_bytes)
        resumable.chunks.all().delete()
    resumable.offset_bytes = 0
    storage.staging_discard(keys)


def discard_resumable(resumable: ResumableUpload) -> None:
    """Delete an upload that its user has given up. What has become a photo stays one."""
    keys = chunk_keys(resumable)
    resumable.delete()
    storage.staging_discard(keys)


def delete_expired_resumables() -> int:
    """Delete uploads that nobody went on with, and the bytes that had arrived of them. How many."""
    deleted = 0
    while True:
        expired = ResumableUpload.objects.expired(timezone.now())
        ids = list(expired.order_by("pk").values_list("pk", flat=True)[:_CLEAR_CHUNK])
        if not ids:
            return deleted
        chunks = UploadChunk.objects.filter(resumable_upload__in=ids)
        keys = list(chunks.values_list("staging_key", flat=True))
        # One that was continued just now stays.
        ResumableUpload.objects.expired(timezone.now()).filter(pk__in=ids).delete()
        needed = set(chunks.values_list("staging_key", flat=True))
        storage.staging_discard([key for key in keys if key not in needed])
        deleted += len(ids)


def check_offset(resumable: ResumableUpload, offset_bytes: int) -> None:
    """Raises OffsetMismatch unless the next byte of this upload is the one at this offset."""
    if resumable.offset_bytes != offset_bytes:
        raise _mismatch(resumable.offset_bytes)


def chunk_keys(resumable: ResumableUpload) -> list[str]:
    """Where the chunks of a file lie, in their order."""
    return list(resumable.chunks.order_by("offset_bytes").values_list("staging_key", flat=True))


def other_upload() -> OtherUpload:
    """The refusal of a file that is to join an upload which it does not belong to."""
    return OtherUpload(_("These photos belong to another upload. Begin a new one for them."))


def _advance(
    resumable: ResumableUpload, *, offset_bytes: int, size_bytes: int, job: UploadJob | None = None
) -> None:
    """Move the offset on from where it must be. One statement, so that of two requests one finds it moved."""
    rows = ResumableUpload.objects.filter(pk=resumable.pk, offset_bytes=offset_bytes, job=None)
    moved = rows.update(
        offset_bytes=F("offset_bytes") + size_bytes, expires_at=expiry(timezone.now()), job=job
    )
    if not moved:
        at = ResumableUpload.objects.filter(pk=resumable.pk).values_list("offset_bytes", flat=True).first()
        raise _mismatch(at)


def _mismatch(offset_bytes: int | None) -> OffsetMismatch:
    return OffsetMismatch(
        _("These bytes were not expected here. Ask how far the file has come, and go on from there."),
        offset_bytes=offset_bytes,
    )
