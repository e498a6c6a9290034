"""Uploads: photos are validated, staged, saved as rows, and handed on to be counted."""

from __future__ import annotations  # Django's files take no type argument at run time

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from demeter.accounts.models import User
from demeter.errors import DATABASE_AWAY, DemeterError
from inventory.models import StorageLocation, Warehouse
from photos import storage
from photos.choices import ImageSource, JobPurpose, JobStatus
from photos.errors import InvalidTakenAt, NoFile, TooManyFiles, UnknownLocation, UnknownWarehouse
from photos.models import ProcessingStep, ResumableUpload, UploadJob, UploadSession
from photos.services.intake.upload_rows import (
    ReceivedFile,
    UploadRequest,
    build_rows,
    save_known,
    save_rows,
)
from photos.services.intake.upload_validation import believable, clean_filename, validate_upload


@dataclass(frozen=True)
class UploadOutcome:
    """The jobs of one request in the order of its files."""

    upload_session: UploadSession
    jobs: list[UploadJob]

    @property
    def accepted(self) -> list[UploadJob]:
        """The jobs of files that were taken in."""
        return [job for job in self.jobs if job.status != JobStatus.REJECTED]

    @property
    def refused(self) -> list[UploadJob]:
        """The jobs of files that were not."""
        return [job for job in self.jobs if job.status == JobStatus.REJECTED]

    def open_steps(self) -> list[ProcessingStep]:
        """The work that this upload has made, for the caller to send."""
        images = {job.image.pk: job.image for job in self.accepted if job.image is not None}
        steps = list(ProcessingStep.objects.filter(image__in=images).unfinished())
        for step in steps:
            step.image = images[step.image_id]  # known already: a join would read it again
        return steps


def accept_upload(
    *,
    user: User,
    files: Sequence[UploadedFile[Any]],
    location_id: int | None = None,
    warehouse_id: int | None = None,
    notes: str = "",
    taken_at: datetime | None = None,
    force: bool = False,
    source: ImageSource = ImageSource.API,
    purpose: JobPurpose = JobPurpose.UPLOAD,
    resumable: ResumableUpload | None = None,
) -> UploadOutcome:
    """Take in the files of one request, each for itself: a bad one is refused and the others go on.

    A photo that its uploader knows already (same bytes, and he may see it) is not counted again unless `force` says
    so, or its count had failed: its job shows the count there is. The caller sends `open_steps()`.
    `taken_at` is the uploader's word on photos that carry no date themselves; naive, it is the nursery's time.
    A `resumable` upload is what the one file came by: its job joins the upload that it names, and ends it.
    All bodies are on disk, and all that can be read is read, before the one short transaction begins.
    Raises NoFile, TooManyFiles, UnknownLocation, UnknownWarehouse, InvalidTakenAt for the request as a whole;
    StoreFull (507) and StoreUnavailable (503) if the bytes cannot be kept, of which nothing is left then. If the
    database is away, the bytes stay: their rows may have been written.
    """
    if not files:
        raise NoFile(_("Send at least one photo."))
    if len(files) > settings.UPLOAD_MAX_FILES:
        raise too_many_files()
    request = _build_request(
        UploadSession(user=user, notes=notes),
        location_id=location_id,
        warehouse_id=warehouse_id,
        source=source,
        purpose=purpose,
        force=force,
        taken_at=taken_at,
        resumable=resumable,
    )
    received = [_validate_file(position, file) for position, file in enumerate(files)]
    received = _stage_files(request.upload, received, files)
    try:
        received = [build_rows(request, entry) for entry in received]
        jobs = save_rows(request, received)
    except DATABASE_AWAY:
        raise  # a COMMIT without an answer may have been made: `clear_staging` finds what no row names
    except BaseException:
        _clear([entry.staging_key for entry in received])
        raise
    needed = {job.image_id for job in jobs}
    _clear([entry.staging_key for entry in received if entry.image_id not in needed])
    return UploadOutcome(request.upload, jobs)


def too_many_files() -> TooManyFiles:
    """The refusal of an upload of more files than one may have."""
    limit = settings.UPLOAD_MAX_FILES
    return TooManyFiles(_("At most %(limit)d photos can be sent at once.") % {"limit": limit}, limit=limit)


def check_upload_fields(
    *, location_id: int | None, warehouse_id: int | None, taken_at: datetime | None
) -> None:
    """What is said about photos before they come. Raises UnknownLocation, UnknownWarehouse, InvalidTakenAt."""
    find_location(location_id)
    _find_warehouse(warehouse_id)
    _named_time(taken_at)


def accept_known(resumable: ResumableUpload) -> UploadOutcome | None:
    """End a resumable upload that announces the SHA-256 of a photo which its uploader can see: no byte need be sent.

    None if there is no such photo. Raises UnknownLocation, UnknownWarehouse, InvalidTakenAt.
    """
    request = _build_request(
        UploadSession(user=resumable.user, notes=resumable.notes),
        location_id=resumable.storage_location_id,
        warehouse_id=resumable.warehouse_id,
        source=ImageSource(resumable.source),
        purpose=JobPurpose.UPLOAD,
        force=resumable.force,
        taken_at=resumable.taken_at,
        resumable=resumable,
    )
    job = save_known(request, filename=resumable.filename, sha256=resumable.sha256)
    return UploadOutcome(request.upload, [job]) if job is not None else None


def _build_request(
    upload: UploadSession,
    *,
    location_id: int | None,
    warehouse_id: int | None,
    source: ImageSource,
    purpose: JobPurpose,
    force: bool,
    taken_at: datetime | None,
    resumable: ResumableUpload | None,
) -> UploadRequest:
    upload.storage_location = find_location(location_id)
    upload.warehouse = _find_warehouse(warehouse_id)
    if resumable is not None:
        upload.pk = resumable.upload_session_uuid
    upload.clean_fields(exclude=["user", "storage_location", "warehouse"])  # those were just read
    return UploadRequest(
        upload=upload,
        user=upload.user,
        location=upload.storage_location,
        source=source,
        purpose=purpose,
        force=force,
        taken_at=_named_time(taken_at),
        resumable=resumable,
    )


def find_location(location_id: int | None) -> StorageLocation | None:
    """The place that an uploader names. Raises UnknownLocation if there is none, or it is not in use."""
    if location_id is None:
        return None
    location = StorageLocation.objects.in_use().filter(pk=location_id).first()
    if location is None:
        raise UnknownLocation(
            _("There is no such place, or it is not in use."), storage_location_id=location_id
        )
    return location


def _find_warehouse(warehouse_id: int | None) -> Warehouse | None:
    if warehouse_id is None:
        return None
    warehouse = Warehouse.objects.filter(pk=warehouse_id, is_active=True).first()
    if warehouse is None:
        raise UnknownWarehouse(
            _("There is no such warehouse, or it is not in use."), warehouse_id=warehouse_id
        )
    return warehouse


def _named_time(taken_at: datetime | None) -> datetime | None:
    """The time that an uploader names. Raises InvalidTakenAt if no photo can have been taken then."""
    if taken_at is None:
        return None
    believed = believable(taken_at)
    if believed is None:
        raise InvalidTakenAt(
            _(
                "The photos cannot have been taken at that time: it lies in the future, or before the year 2000."
            )
        )
    return believed


def _validate_file(position: int, file: UploadedFile[Any]) -> ReceivedFile:
    filename = clean_filename(file.name)
    image_id = uuid.uuid4()
    try:
        return ReceivedFile(position, filename, image_id, photo=validate_upload(file))
    except DemeterError as refusal:
        return ReceivedFile(position, filename, image_id, refusal=refusal)


def _stage_files(
    upload: UploadSession, received: list[ReceivedFile], files: Sequence[UploadedFile[Any]]
) -> list[ReceivedFile]:
    """Move the bytes of good files into staging. Duplicates are looked up once, when rows are written."""
    staged = [
        replace(entry, staging_key=storage.staging_key(upload.pk, entry.image_id, entry.photo.extension))
        if entry.photo is not None
        else entry
        for entry in received
    ]
    storage.stage_uploads([(files[entry.position], entry.staging_key) for entry in staged if entry.photo])
    return staged


def _clear(staging_keys: Sequence[str]) -> None:
    storage.staging_discard([key for key in staging_keys if key])
