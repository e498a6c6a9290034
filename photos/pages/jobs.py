"""What became of the files that a person has sent: what waits for a person first, then failures, then the rest."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from demeter.accounts.choices import Role
from photos.choices import BookingState, CountWarning, JobPurpose, JobStatus, Stage
from photos.error_texts import error_text
from photos.image_urls import thumbnail_url
from photos.models import Image, UploadJob, UploadSession
from photos.pages.permissions import can_review, for_workers, require_reader, user_of
from photos.pages.waiting_texts import waiting_text
from photos.services.booking.image_status import blocking
from photos.services.context.broken_thumbnails import broken_thumbnails
from photos.services.steps.pace import Pace, pace_for, remaining_seconds
from photos.services.steps.progress import Summary, summarise

MAX_LISTED: Final = 300  # of the jobs of 48 hours; the gallery has the rest
MAX_CANDIDATES: Final = 3  # in a line; the dialog has the others
_RUNNING: Final = (JobStatus.PENDING, JobStatus.PROCESSING)


@dataclass(frozen=True)
class JobRow:
    """One file as the page shows it."""

    job: UploadJob
    group: str
    thumbnail_url: str | None
    is_thumbnail_broken: bool
    error: str
    waits_for: list[Promise | str]
    is_reviewable: bool
    waiting_text: Promise
    remaining_s: int | None

    @property
    def is_uncalibrated(self) -> bool:
        """Whether the count is booked, and the nursery does not know yet how densely such plants stand."""
        session = self.job.session
        return session is not None and CountWarning.NEEDS_CALIBRATION in session.warnings

    @property
    def candidates(self) -> list[dict[str, Any]]:
        """The places nearest to the position of a photo whose place is asked for."""
        session = self.job.session
        asks = session is not None and session.storage_location_id is None
        return session.location_candidates[:MAX_CANDIDATES] if session is not None and asks else []


@dataclass
class Group:
    """The files of which the same is to be said."""

    name: str
    title: Promise
    rows: list[JobRow] = field(default_factory=list)


@require_safe
@never_cache  # what waits changes, and the links to thumbnails end
@for_workers
def my_uploads(request: HttpRequest) -> HttpResponse:
    """The files that this user has sent in the last JOBS_VISIBLE_H hours."""
    user = user_of(request)
    jobs = UploadJob.objects.still_listed(settings.JOBS_VISIBLE_H).filter(
        upload_session__user=user, purpose__in=[JobPurpose.UPLOAD, JobPurpose.REPROCESS]
    )
    older = (
        Image.objects.filter(uploaded_by=user)
        .not_deleted()
        .in_inventory()
        .failed()
        .exclude(pk__in=jobs.exclude(image=None).values("image"))
    )
    return _show(request, jobs.order_by("-created_at", "position"), older_waiting=older.count())


@require_safe
@never_cache
@require_reader
def upload_progress(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """What becomes of each file of one upload: its owner's, or anybody's for supervisors."""
    user = user_of(request)
    upload_session = get_object_or_404(
        UploadSession.objects.select_related("user", "storage_location"), pk=upload_id
    )
    if upload_session.user_id != user.pk and not user.has_role(Role.SUPERVISOR):
        raise PermissionDenied
    return _show(request, upload_session.jobs.order_by("position"), upload_session=upload_session)


def _show(request: HttpRequest, jobs: Any, **context: Any) -> HttpResponse:
    places = "session__storage_location__storage_area__warehouse"
    listed = list(
        jobs.select_related("upload_session", "image", "session__image", places, "duplicate_of")[:MAX_LISTED]
    )
    newest = _newest_of_each_photo(listed)
    rows = _rows(request, newest, pace_for(newest))
    return render(
        request,
        "photos/jobs.html",
        {
            "groups": _grouped(rows),
            "uploads": _under_way(listed),
            "jobs": newest,
            "labels": job_labels(),
            "is_truncated": len(listed) == MAX_LISTED,
            "hours": settings.JOBS_VISIBLE_H,
            "page_url": request.get_full_path(),
            **context,
        },
    )


def job_labels() -> dict[str, Any]:
    """What the scripts call the stages and states of a job."""
    return {"stage": dict(Stage.choices), "status": dict(JobStatus.choices)}


def _newest_of_each_photo(jobs: Sequence[UploadJob]) -> list[UploadJob]:
    """Of several jobs of one photo, counted again or sent again, the newest; refused files as they are."""
    newest: dict[object, UploadJob] = {}
    for job in jobs:
        key = job.image_id or job.pk
        if key not in newest or job.created_at > newest[key].created_at:
            newest[key] = job
    return list(newest.values())


def _thumbnail_of(job: UploadJob) -> str | None:
    drawing_id = job.session.processed_image_id if job.session else None
    return thumbnail_url(job.image, drawing_id) if job.image else None


def _rows(request: HttpRequest, jobs: Sequence[UploadJob], pace: Pace | None) -> list[JobRow]:
    user, now = user_of(request), timezone.now()
    broken = broken_thumbnails([job.image for job in jobs if job.image is not None])
    return [
        JobRow(
            job=job,
            group=_group_of(job),
            thumbnail_url=_thumbnail_of(job),
            is_thumbnail_broken=job.image_id in broken,
            error=error_text(job.code, job.error),
            waits_for=_waits_for(job),
            is_reviewable=job.image is not None and can_review(user, job.image),
            waiting_text=waiting_text(user, job.image),
            remaining_s=remaining_seconds(job, pace, now) if pace is not None else None,
        )
        for job in jobs
    ]


def _group_of(job: UploadJob) -> str:
    if job.image is not None and job.image.deleted_at is not None:
        return "trashed"
    if job.status in _RUNNING:
        return "running"
    if job.status in (JobStatus.FAILED, JobStatus.REJECTED):
        return "failed"
    return "waiting" if _waits_for(job) or job.stands_elsewhere else "done"


def _waits_for(job: UploadJob) -> list[Promise | str]:
    """What a finished count waits for a person for, in words."""
    session = job.session
    if session is None or job.status != JobStatus.COMPLETED:
        return []
    is_waiting = session.booking_state == BookingState.WAITING
    return [warning.label for warning in blocking(session)] if is_waiting else []


def _grouped(rows: Sequence[JobRow]) -> list[Group]:
    groups = [
        Group("waiting", _("Waits for a person")),
        Group("failed", _("Could not be counted")),
        Group("running", _("Being counted")),
        Group("done", _("Counted")),
        Group("trashed", _("In the trash")),
    ]
    by_name = {group.name: group for group in groups}
    for row in rows:
        by_name[row.group].rows.append(row)
    return [group for group in groups if group.rows]


def _under_way(jobs: Sequence[UploadJob]) -> list[tuple[UploadSession, Summary]]:
    """The uploads of which a file is still on its way, with how far they are."""
    by_upload: dict[UUID, list[UploadJob]] = defaultdict(list)
    for job in jobs:
        by_upload[job.upload_session_id].append(job)
    return [
        (own[0].upload_session, summarise(own))
        for own in by_upload.values()
        if any(job.status in _RUNNING for job in own)
    ]
