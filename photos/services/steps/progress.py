"""How far uploads are, and how long they may still take: from measured times, never from a made-up curve."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Avg, Count, QuerySet, Sum

from photos.choices import JobStatus, SessionStatus, StepKind
from photos.models import ProcessingSession, ProcessingStep, UploadJob, UploadSession

_RECENT_COUNTS: Final = 20
# The steps that run one after another on the model worker: what a photo has to wait for.
_MODEL_STEPS: Final = (StepKind.SEGMENT, StepKind.DETECT_SLICED, StepKind.DETECT_DIRECT)


@dataclass(frozen=True)
class Summary:
    """The jobs of an upload in numbers. Refused files are not among them."""

    total_jobs: int
    completed: int
    processing: int
    pending: int
    failed: int
    overall_progress_percent: int  # the mean of the jobs' progress; 0 without jobs


def summarise(jobs: Sequence[UploadJob]) -> Summary:
    """Sum up the jobs of one upload."""
    counted = [job for job in jobs if job.status != JobStatus.REJECTED]
    number = {status: sum(job.status == status for job in counted) for status in JobStatus}
    progress = sum(job.progress_percent for job in counted) / len(counted) if counted else 0.0
    return Summary(
        total_jobs=len(counted),
        completed=number[JobStatus.COMPLETED],
        processing=number[JobStatus.PROCESSING],
        pending=number[JobStatus.PENDING],
        failed=number[JobStatus.FAILED],
        overall_progress_percent=round(progress),
    )


def summarise_uploads(uploads: Sequence[UploadSession]) -> dict[object, tuple[int, Summary]]:
    """For each upload the number of its files, refused ones included, and its summary. One query for all."""
    rows = (
        UploadJob.objects.filter(upload_session__in=[upload.pk for upload in uploads])
        .order_by()
        .values("upload_session", "status")
        .annotate(number=Count("pk"), progress=Avg("progress_percent"))
    )
    by_upload: dict[object, dict[str, tuple[int, float]]] = {upload.pk: {} for upload in uploads}
    for row in rows:
        by_upload[row["upload_session"]][row["status"]] = (row["number"], row["progress"])
    return {upload: _summary(groups) for upload, groups in by_upload.items()}


def _summary(groups: dict[str, tuple[int, float]]) -> tuple[int, Summary]:
    files = sum(number for number, _progress in groups.values())
    counted = {status: group for status, group in groups.items() if status != JobStatus.REJECTED}
    total = sum(number for number, _progress in counted.values())
    progress = sum(number * percent for number, percent in counted.values()) / total if total else 0.0
    numbers = {status: counted.get(status, (0, 0.0))[0] for status in JobStatus}
    summary = Summary(
        total_jobs=total,
        completed=numbers[JobStatus.COMPLETED],
        processing=numbers[JobStatus.PROCESSING],
        pending=numbers[JobStatus.PENDING],
        failed=numbers[JobStatus.FAILED],
        overall_progress_percent=round(progress),
    )
    return files, summary


def processing_seconds(job: UploadJob) -> float | None:
    """How long a finished job was worked on; None if it is not finished or was never begun."""
    if job.started_at is None or job.completed_at is None:
        return None
    return round((job.completed_at - job.started_at).total_seconds(), 1)


def remaining_seconds(job: UploadJob, now: datetime) -> int | None:
    """How long a running job may still take if it goes on as it went; None before anything is done."""
    if job.status != JobStatus.PROCESSING or job.started_at is None or job.progress_percent == 0:
        return None
    elapsed_s = (now - job.started_at).total_seconds()
    return math.ceil(elapsed_s * (100 - job.progress_percent) / job.progress_percent)


def completion_minutes() -> float | None:
    """How long all waiting photos may take: the model's measured seconds a photo, times the photos that wait.

    None as long as nothing has been measured. It assumes one model worker: with more it is sooner.
    """
    recent: QuerySet[ProcessingSession] = ProcessingSession.objects.filter(status=SessionStatus.COMPLETED)
    measured = ProcessingStep.objects.filter(
        session__in=list(recent.order_by("-pk").values_list("pk", flat=True)[:_RECENT_COUNTS]),
        kind__in=_MODEL_STEPS,
        seconds__isnull=False,
    ).aggregate(seconds=Sum("seconds"), photos=Count("session", distinct=True))
    if not measured["photos"]:
        return None
    waiting: int = ProcessingSession.objects.running().count()
    seconds: float = measured["seconds"] / measured["photos"] * waiting
    return math.ceil(seconds / 6) / 10  # whole tenths of minutes
