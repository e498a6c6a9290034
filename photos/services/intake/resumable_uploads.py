"""Files that come in chunks (tus 1.0): begun, continued, and taken in like any other when the last byte is there."""

from __future__ import annotations  # Django's files take no type argument at run time

import hashlib
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files.base import File
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.accounts.models import User
from photos import storage
from photos.choices import ImageSource
from photos.errors import (
    AnnouncedTooLarge,
    ChecksumMismatch,
    EmptyFile,
    TooManyOpenUploads,
    UploadExpired,
)
from photos.models import ResumableUpload, UploadJob, UploadSession
from photos.services.intake import upload_chunks
from photos.services.intake.upload_validation import clean_filename
from photos.services.intake.uploads import (
    UploadOutcome,
    accept_known,
    accept_upload,
    check_upload_fields,
    too_many_files,
)
from photos.store_errors import outages_reported

_MIB: Final = 1024**2


@dataclass(frozen=True)
class Announcement:
    """What a client says about a file before it sends the first byte."""

    size_bytes: int
    filename: str = ""
    sha256: str = ""  # lower-case hex; with it, a photo that is known is not sent again
    storage_location_id: int | None = None
    warehouse_id: int | None = None
    notes: str = ""
    taken_at: datetime | None = None
    force: bool = False
    upload_session_id: UUID | None = None  # the upload that the file joins; a new one without it
    file_id: UUID | None = None  # within that upload: the same again is the file that was begun


def begin_resumable(
    *, user: User, announced: Announcement, source: ImageSource
) -> tuple[ResumableUpload, UploadOutcome | None]:
    """Begin a file. It ends at once, with its outcome, if its SHA-256 is that of a photo that the user can see.

    A file that was begun already, by its `file_id`, is returned as it is: the answer to it may have been lost.
    Raises EmptyFile, AnnouncedTooLarge (413), TooManyOpenUploads (409), and for the upload that it is to join
    OtherUpload (409), TooManyFiles; what `accept_upload` raises about its fields.
    """
    begun = _begun_before(user, announced)
    if begun is not None:
        return begun, _outcome_of(begun)
    if announced.size_bytes == 0:
        raise EmptyFile(_("The file is empty."))
    if announced.size_bytes > settings.UPLOAD_MAX_FILE_BYTES:
        raise AnnouncedTooLarge(
            _("The file is larger than %(limit)d MB.") % {"limit": settings.UPLOAD_MAX_FILE_BYTES // _MIB},
            limit_bytes=settings.UPLOAD_MAX_FILE_BYTES,
        )
    check_upload_fields(
        location_id=announced.storage_location_id,
        warehouse_id=announced.warehouse_id,
        taken_at=announced.taken_at,
    )
    now = timezone.now()
    _check_room(user, now)
    if announced.upload_session_id is not None:
        _check_joins(user, announced, announced.upload_session_id)
    resumable = ResumableUpload(
        user=user,
        upload_session_uuid=announced.upload_session_id or uuid4(),
        file_uuid=announced.file_id,
        filename=clean_filename(announced.filename),
        size_bytes=announced.size_bytes,
        sha256=announced.sha256,
        storage_location_id=announced.storage_location_id,
        warehouse_id=announced.warehouse_id,
        notes=announced.notes,
        taken_at=announced.taken_at,
        force=announced.force,
        source=source,
        expires_at=upload_chunks.expiry(now),
    )
    resumable.clean_fields(exclude=["user", "storage_location", "warehouse"])  # those were just read
    try:
        with transaction.atomic():
            resumable.save(force_insert=True)
    except IntegrityError:  # the same request is on its way twice
        begun = _begun_before(user, announced)
        if begun is None:
            raise
        return begun, _outcome_of(begun)
    return resumable, accept_known(resumable) if resumable.sha256 else None


def continue_resumable(
    resumable: ResumableUpload, *, offset_bytes: int, file: File[Any]
) -> UploadOutcome | None:
    """Take the next chunk. With the last one the file is taken in, and its outcome returned; None before.

    To repeat a last chunk that was answered already returns the same outcome once more. The last chunk and the rows
    of the photo are written together: if these cannot be written, the chunk has not arrived.
    Raises OffsetMismatch (409), AnnouncedTooLarge (413) beyond the announced size, ChecksumMismatch (460) if the
    whole file is not the announced one (it starts again then), TooManyChunks, and what `accept_upload` raises.
    """
    size_bytes = file.size or 0
    if resumable.job is not None and offset_bytes + size_bytes == resumable.size_bytes:
        return _outcome_of(resumable)
    upload_chunks.check_offset(resumable, offset_bytes)
    if offset_bytes + size_bytes > resumable.size_bytes:
        raise AnnouncedTooLarge(
            _("More bytes came than the file was said to have."), limit_bytes=resumable.size_bytes
        )
    if offset_bytes + size_bytes < resumable.size_bytes:
        if size_bytes:
            upload_chunks.keep_chunk(resumable, offset_bytes=offset_bytes, file=file)
        return None
    return _take_in(resumable, file)


def check_alive(resumable: ResumableUpload) -> None:
    """Raises UploadExpired (410) for an upload that was not gone on with in time."""
    if resumable.expires_at <= timezone.now():
        raise UploadExpired(_("This upload was not continued in time. Begin it again."))


def _begun_before(user: User, announced: Announcement) -> ResumableUpload | None:
    """The file that this user has begun in this upload under the same id. One that has expired is deleted, and is none.

    Raises OtherUpload if the id was that of a file of another size.
    """
    if announced.file_id is None or announced.upload_session_id is None:
        return None
    related = ResumableUpload.objects.select_related(
        "user", "job__upload_session", "job__session", "job__image"
    )
    begun = related.filter(
        user=user, upload_session_uuid=announced.upload_session_id, file_uuid=announced.file_id
    ).first()
    if begun is None:
        return None
    if begun.expires_at <= timezone.now():
        upload_chunks.discard_resumable(begun)
        return None
    if begun.size_bytes != announced.size_bytes:
        raise upload_chunks.other_upload()
    return begun


def _outcome_of(resumable: ResumableUpload) -> UploadOutcome | None:
    job = resumable.job
    return UploadOutcome(job.upload_session, [job]) if job is not None else None


def _check_room(user: User, now: datetime) -> None:
    limit = settings.RESUMABLE_UPLOADS_OPEN
    if ResumableUpload.objects.filter(user=user).unfinished().alive(now).count() >= limit:
        raise TooManyOpenUploads(
            _("%(limit)d of your photos are on their way already. Finish or cancel some of them.")
            % {"limit": limit},
            limit=limit,
        )


def _check_joins(user: User, announced: Announcement, upload_session_id: UUID) -> None:
    """Whether a file may join an upload: its user's own, for the same place, and with room for one more."""
    begun = list(
        ResumableUpload.objects.filter(upload_session_uuid=upload_session_id).values_list(
            "user", "storage_location", "job"
        )
    )
    written = UploadSession.objects.filter(pk=upload_session_id).values_list("user", "storage_location")
    owners_and_places = {(owner, place) for owner, place, _job in begun} | set(written)
    if owners_and_places - {(user.pk, announced.storage_location_id)}:
        raise upload_chunks.other_upload()
    jobs = UploadJob.objects.filter(upload_session=upload_session_id).count()
    if jobs + sum(job is None for _owner, _place, job in begun) >= settings.UPLOAD_MAX_FILES:
        raise too_many_files()


def _take_in(resumable: ResumableUpload, last: File[Any]) -> UploadOutcome:
    keys = upload_chunks.chunk_keys(resumable)
    with outages_reported():
        whole = TemporaryUploadedFile("photo", "", resumable.size_bytes, None)
    whole.name = resumable.filename
    with whole:
        sha256 = _assemble(whole, keys, last)
        if sha256 is None or (resumable.sha256 and sha256 != resumable.sha256):
            upload_chunks.start_again(resumable)
            raise ChecksumMismatch(_("The file has changed on its way. It has to be sent once more."))
        whole.sha256 = sha256  # type: ignore[attr-defined]  # read by sha256_of alone
        outcome = accept_upload(
            user=resumable.user,
            files=[whole],
            location_id=resumable.storage_location_id,
            warehouse_id=resumable.warehouse_id,
            notes=resumable.notes,
            taken_at=resumable.taken_at,
            force=resumable.force,
            source=ImageSource(resumable.source),
            resumable=resumable,
        )
    storage.staging_discard(keys)
    return outcome


def _assemble(whole: TemporaryUploadedFile, keys: list[str], last: File[Any]) -> str | None:
    """Write all chunks into one file; its SHA-256, or None if a chunk is lost."""
    digest = hashlib.sha256()
    try:
        with closing(storage.staging_pieces(keys, whole.size or 0)) as earlier:
            for piece in chain(earlier, last.chunks()):
                digest.update(piece)
                with outages_reported():
                    whole.write(piece)
    except FileNotFoundError:  # cleared from staging by somebody's hand
        return None
    if whole.tell() != whole.size:
        return None
    whole.seek(0)
    return digest.hexdigest()
