"""The rows of an upload: its photos with their counts, and a job for each file, written in one transaction."""

from __future__ import annotations  # Django's files take no type argument at run time

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from demeter.accounts.models import User
from demeter.errors import DemeterError
from inventory.models import StorageLocation
from photos import storage
from photos.choices import (
    ImageSource,
    JobPurpose,
    JobStatus,
    SessionStatus,
    Stage,
    TakenAtSource,
)
from photos.models import Image, ProcessingSession, ResumableUpload, UploadJob, UploadSession
from photos.services.context.deduplication import find_known_photos, lock_hashes
from photos.services.context.newest_counts import newest_counts
from photos.services.intake.upload_chunks import end_resumable, other_upload
from photos.services.intake.upload_validation import UploadMetadata
from photos.services.results.session_lifecycle import (
    assign_location,
    begin_session,
    may_name_place,
    plan_session,
    reprocess,
)
from photos.warning_catalogue import ASKING_FOR_PLACE

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReceivedFile:
    """One file of a request: validated and staged, or refused."""

    position: int
    filename: str
    image_id: UUID
    photo: UploadMetadata | None = None
    staging_key: str = ""
    count: ProcessingSession | None = None  # of a good photo, as it is written if nobody knows the photo yet
    refusal: DemeterError | None = None


@dataclass(frozen=True)
class UploadRequest:
    """What all files of one request share."""

    upload: UploadSession
    user: User
    location: StorageLocation | None
    source: ImageSource
    purpose: JobPurpose
    force: bool
    taken_at: datetime | None
    resumable: ResumableUpload | None = None  # by which the one file came; it ends with the file's job


def build_rows(request: UploadRequest, entry: ReceivedFile) -> ReceivedFile:
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


def _source_of_time(request: UploadRequest, photo: UploadMetadata) -> TakenAtSource:
    if photo.taken_at is None and request.taken_at is not None:
        return TakenAtSource.UPLOADER
    return photo.taken_at_source


def _may_be_known(request: UploadRequest) -> bool:
    """Whether the same bytes are the same photo: not for an analysis, which is made anew each time."""
    return request.purpose == JobPurpose.UPLOAD


@transaction.atomic
def save_rows(request: UploadRequest, received: list[ReceivedFile]) -> list[UploadJob]:
    """Write the upload, its photos, their counts and jobs; a file that came in chunks ends its resumable upload.

    Raises OffsetMismatch if the same resumable upload was ended meanwhile: nothing is written then.
    """
    sha256s = [entry.photo.sha256 for entry in received if entry.photo is not None]
    lock_hashes(sha256s)
    known = find_known_photos(sha256s, user=request.user) if _may_be_known(request) else {}
    counts = newest_counts(known.values()) if known else {}
    first_position = _save_session(request)
    jobs: list[UploadJob] = []
    for entry in received:
        entry = replace(entry, position=first_position + entry.position)
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
    if request.resumable is not None:
        end_resumable(request.resumable, jobs[0])
    return jobs


@transaction.atomic
def save_known(request: UploadRequest, *, filename: str, sha256: str) -> UploadJob | None:
    """A job for a photo of these bytes that the uploader can see already; None if there is none."""
    lock_hashes([sha256])
    known = find_known_photos([sha256], user=request.user).get(sha256)
    if known is None:
        return None
    entry = ReceivedFile(_save_session(request), filename, known.pk)
    job = _job_for_known(request, entry, known, newest_counts([known])[known.pk])
    if request.resumable is not None:
        end_resumable(request.resumable, job)
    return job


def _save_session(request: UploadRequest) -> int:
    """Write the upload, or join the one that earlier files made; how many files it has already.

    Files of one upload that arrive together take their turns here, so that no two get the same position. Locks are
    taken in this order: hashes, the upload, places.
    """
    upload = request.upload
    if request.resumable is None:
        upload.save()
        return 0
    joined, is_new = UploadSession.objects.get_or_create(
        pk=upload.pk,
        defaults={
            "user": upload.user,
            "storage_location": upload.storage_location,
            "warehouse": upload.warehouse,
            "notes": upload.notes,
        },
    )
    if joined.user_id != request.user.pk:
        raise other_upload()
    if is_new:
        return 0
    # Not its key: jobs of others that point to it need not wait.
    UploadSession.objects.select_for_update(no_key=True).get(pk=joined.pk)
    return joined.jobs.count()


def _refused_job(request: UploadRequest, entry: ReceivedFile) -> UploadJob:
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


def _job_for_new(request: UploadRequest, entry: ReceivedFile, count: ProcessingSession) -> UploadJob:
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


def _job_for_known(
    request: UploadRequest, entry: ReceivedFile, image: Image, count: ProcessingSession
) -> UploadJob:
    """A job that shows the count there is; follows it while it runs; or counts again where that is wanted.

    A place that is named now answers a count that waits for one. It moves no other: `UploadJob.stands_elsewhere`
    says so, and counting again with `force`, or the photo's page, does.
    """
    is_running = count.status in (SessionStatus.PENDING, SessionStatus.PROCESSING)
    if not is_running and (request.force or count.status == SessionStatus.FAILED):
        location = request.location
        if location is not None and not may_name_place(image, location, request.user):
            location = None  # it is counted where it stands, and the job says so
        job = reprocess(image=image, user=request.user, location=location)
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
    return count.storage_location_id is None or bool(ASKING_FOR_PLACE.intersection(count.warnings))
