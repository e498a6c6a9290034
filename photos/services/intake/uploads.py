"""Taking in photos: looked at, staged, written down, and handed on to be counted."""

from __future__ import annotations  # Django's files take no type argument at run time

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.accounts.models import User
from demeter.errors import DemeterError
from demeter.sqlite_write_lock import sqlite_write_lock
from inventory.models import StorageLocation, Warehouse
from photos import storage
from photos.choices import (
    CountWarning,
    ImageSource,
    JobPurpose,
    JobStatus,
    SessionStatus,
    Stage,
    TakenAtSource,
)
from photos.errors import InvalidTakenAt, NoFile, TooManyFiles, UnknownLocation, UnknownWarehouse
from photos.models import Image, ProcessingSession, ProcessingStep, UploadJob, UploadSession
from photos.services.context.deduplication import find_known_photos, lock_hashes
from photos.services.context.newest_counts import newest_counts
from photos.services.intake.upload_validation import (
    UploadMetadata,
    believable,
    clean_filename,
    validate_upload,
)
from photos.services.results.session_lifecycle import (
    assign_location,
    begin_session,
    plan_session,
    reprocess,
)

logger = logging.getLogger(__name__)

# Warnings of a count that ask an uploader where it was taken.
_PLACE_QUESTIONS: Final = frozenset({CountWarning.NEEDS_LOCATION, CountWarning.PLACE_MISMATCH})


@dataclass(frozen=True)
class UploadOutcome:
    """The jobs of one request in the order of its files."""

    upload_session: UploadSession
    jobs: list[UploadJob]

    @property
    def accepted(self) -> list[UploadJob]:
        return [job for job in self.jobs if job.status != JobStatus.REJECTED]

    @property
    def refused(self) -> list[UploadJob]:
        return [job for job in self.jobs if job.status == JobStatus.REJECTED]

    def open_steps(self) -> list[ProcessingStep]:
        """The work that this upload has made, for the caller to send."""
        images = {job.image.pk: job.image for job in self.accepted if job.image is not None}
        steps = list(ProcessingStep.objects.filter(image__in=images).unfinished())
        for step in steps:
            step.image = images[step.image_id]  # known already: a join would read it again
        return steps


@dataclass(frozen=True)
class _Received:
    """One file of a request: looked at and staged, or refused."""

    position: int
    filename: str
    image_id: UUID
    photo: UploadMetadata | None = None
    staging_key: str = ""
    count: ProcessingSession | None = None  # of a good photo, as it is written if nobody knows the photo yet
    refusal: DemeterError | None = None


@dataclass(frozen=True)
class _Request:
    """What all files of one request share."""

    upload: UploadSession
    user: User
    location: StorageLocation | None
    source: ImageSource
    purpose: JobPurpose
    force: bool
    taken_at: datetime | None


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
) -> UploadOutcome:
    """Take in the files of one request, each for itself: a bad one is refused and the others go on.

    A photo that its uploader knows already (same bytes, and he may see it) is not counted again unless `force` says
    so, or its count had failed: its job shows the count there is. The caller sends `open_steps()`.
    `taken_at` is the uploader's word on photos that carry no date themselves; naive, it is the nursery's time.
    All bodies are on disk, and all that can be read is read, before the one short transaction begins.
    Raises NoFile, TooManyFiles, UnknownLocation, UnknownWarehouse, InvalidTakenAt for the request as a whole;
    StoreFull (507) and StoreUnavailable (503) if the bytes cannot be kept, of which nothing is left then.
    """
    if not files:
        raise NoFile(_("Send at least one photo."))
    if len(files) > settings.UPLOAD_MAX_FILES:
        raise TooManyFiles(
            _("At most %(limit)d photos can be sent at once.") % {"limit": settings.UPLOAD_MAX_FILES},
            limit=settings.UPLOAD_MAX_FILES,
        )
    upload = UploadSession(
        user=user,
        storage_location=find_location(location_id),
        warehouse=_find_warehouse(warehouse_id),
        notes=notes,
    )
    upload.clean_fields(exclude=["user", "storage_location", "warehouse"])  # those were just read
    request = _Request(upload, user, upload.storage_location, source, purpose, force, _named_time(taken_at))
    received = [_validate_file(position, file) for position, file in enumerate(files)]
    received = _stage_files(upload, received, files)
    try:
        received = [_build_rows(request, entry) for entry in received]
        with sqlite_write_lock():
            jobs = _save_rows(request, received)
    except BaseException:
        _clear([entry.staging_key for entry in received])
        raise
    needed = {job.image_id for job in jobs}
    _clear([entry.staging_key for entry in received if entry.image_id not in needed])
    return UploadOutcome(upload, jobs)


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


def _validate_file(position: int, file: UploadedFile[Any]) -> _Received:
    filename = clean_filename(file.name)
    image_id = uuid.uuid4()
    try:
        return _Received(position, filename, image_id, photo=validate_upload(file))
    except DemeterError as refusal:
        return _Received(position, filename, image_id, refusal=refusal)


def _stage_files(
    upload: UploadSession, received: list[_Received], files: Sequence[UploadedFile[Any]]
) -> list[_Received]:
    """Move the bytes of good files into staging. Whether they are known is asked once, when rows are written."""
    staged = [
        replace(entry, staging_key=storage.staging_key(upload.pk, entry.image_id, entry.photo.extension))
        if entry.photo is not None
        else entry
        for entry in received
    ]
    storage.stage_uploads([(files[entry.position], entry.staging_key) for entry in staged if entry.photo])
    return staged


def _build_rows(request: _Request, entry: _Received) -> _Received:
    """Prepare the rows of a good photo: one uploader's reading must not keep the others from writing."""
    photo = entry.photo
    if photo is None:
        return entry
    now = timezone.now()
    image = Image(
        id=entry.image_id,
        upload_session=request.upload,
        uploaded_by=request.user,
        original_filename=entry.filename,
        source=request.source,
        content_type=photo.content_type,
        file_size_bytes=photo.size_bytes,
        sha256=photo.sha256,
        width_px=photo.width_px,
        height_px=photo.height_px,
        exif=photo.exif,
        gps_coordinates=photo.gps,
        taken_at=photo.taken_at or request.taken_at or now,
        taken_at_source=_source_of_time(request, photo),
        staging_key=entry.staging_key,
        bucket=storage.bucket_of(storage.DEFAULT),
        original_key=storage.original_key(entry.image_id, now, photo.extension),
        with_inventory=request.purpose != JobPurpose.ANALYZE,
    )
    return replace(entry, count=plan_session(image=image, user=request.user, location=request.location))


def _source_of_time(request: _Request, photo: UploadMetadata) -> TakenAtSource:
    if photo.taken_at is None and request.taken_at is not None:
        return TakenAtSource.UPLOADER
    return photo.taken_at_source


def _may_be_known(request: _Request) -> bool:
    """Whether the same bytes are the same photo: not for an analysis, which is made anew each time."""
    return request.purpose == JobPurpose.UPLOAD


@transaction.atomic
def _save_rows(request: _Request, received: list[_Received]) -> list[UploadJob]:
    """Write the upload, its photos, their counts and jobs."""
    sha256s = [entry.photo.sha256 for entry in received if entry.photo is not None]
    lock_hashes(sha256s)
    known = find_known_photos(sha256s, user=request.user) if _may_be_known(request) else {}
    counts = newest_counts(known.values()) if known else {}
    request.upload.save()
    jobs: list[UploadJob] = []
    for entry in received:
        if entry.photo is None or entry.count is None:
            job = _refused_job(request, entry)
        elif (earlier := known.get(entry.photo.sha256)) is not None:
            job = _job_for_known(request, entry, earlier, counts[earlier.pk])
            counts[earlier.pk] = job.session or counts[earlier.pk]
        else:
            job = _job_for_new(request, entry, entry.count)
            if _may_be_known(request):
                image = entry.count.image
                known[image.sha256], counts[image.pk] = image, entry.count
        jobs.append(job)
    return jobs


def _refused_job(request: _Request, entry: _Received) -> UploadJob:
    refusal = entry.refusal
    assert refusal is not None, "a file is looked at or refused"  # noqa: S101 - tells the type checker
    logger.info("Refused %s: %s", entry.filename, refusal.code)
    return UploadJob.objects.create(
        upload_session=request.upload,
        position=entry.position,
        purpose=request.purpose,
        filename=entry.filename,
        status=JobStatus.REJECTED,
        code=refusal.code,
        error=str(refusal)[:500],
        completed_at=timezone.now(),
    )


def _job_for_new(request: _Request, entry: _Received, count: ProcessingSession) -> UploadJob:
    count.image.save(force_insert=True)
    begin_session(count, sent_at=timezone.now())  # the caller sends `open_steps()` next
    return UploadJob.objects.create(
        upload_session=request.upload,
        position=entry.position,
        purpose=request.purpose,
        filename=entry.filename,
        image=count.image,
        session=count,
    )


def _job_for_known(request: _Request, entry: _Received, image: Image, count: ProcessingSession) -> UploadJob:
    """A job that shows the count there is; follows it while it runs; or counts again where that is wanted.

    A place that is named now answers a count that waits for one. It moves no other: `UploadJob.stands_elsewhere`
    says so, and counting again with `force`, or the photo's page, does.
    """
    is_running = count.status in (SessionStatus.PENDING, SessionStatus.PROCESSING)
    if not is_running and (request.force or count.status == SessionStatus.FAILED):
        job = reprocess(image=image, user=request.user, location=request.location)
        job.upload_session, job.position, job.filename = request.upload, entry.position, entry.filename
        job.save(update_fields=["upload_session", "position", "filename"])
        return job
    if request.location is not None and _waits_for_place(count):
        count = assign_location(session=count, location=request.location, user=request.user)
    job = UploadJob(
        upload_session=request.upload,
        position=entry.position,
        purpose=request.purpose,
        filename=entry.filename,
        image=image,
        session=count,
        duplicate_of=image,
    )
    if is_running:
        first = count.jobs.order_by("created_at").first()
        if first is not None:
            job.status, job.stage, job.progress_percent = first.status, first.stage, first.progress_percent
            job.started_at = first.started_at
    else:
        job.status, job.stage, job.progress_percent = JobStatus.COMPLETED, Stage.DONE, 100
        job.completed_at = timezone.now()
    job.save()
    return job


def _waits_for_place(count: ProcessingSession) -> bool:
    return count.storage_location_id is None or bool(_PLACE_QUESTIONS.intersection(count.warnings))


def _clear(staging_keys: Sequence[str]) -> None:
    storage.staging_discard([key for key in staging_keys if key])
