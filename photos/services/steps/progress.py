"""How far uploads are: the mean of their jobs, as it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Sum

from photos.choices import JobStatus
from photos.models import UploadJob, UploadSession
from photos.services.steps.followed import AnyJob


@dataclass(frozen=True)
class Summary:
    """The jobs of an upload in numbers. Refused files are not among them."""

    total_jobs: int
    completed: int
    processing: int
    pending: int
    failed: int
    overall_progress_percent: float  # the exact mean of the jobs' progress; 0 without jobs

    @property
    def ended(self) -> int:
        """Those that have a result, or a reason why there is none."""
        return self.completed + self.failed


def summarise(jobs: Sequence[AnyJob]) -> Summary:
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
        overall_progress_percent=progress,
    )


def summarise_uploads(uploads: Sequence[UploadSession]) -> dict[object, tuple[int, Summary]]:
    """For each upload the number of its files, refused ones included, and its summary. One query for all."""
    rows = (
        UploadJob.objects.filter(upload_session__in=[upload.pk for upload in uploads])
        .order_by()
        .values("upload_session", "status")
        .annotate(number=Count("pk"), progress=Sum("progress_percent"))
    )
    by_upload: dict[object, dict[str, tuple[int, int]]] = {upload.pk: {} for upload in uploads}
    for row in rows:
        by_upload[row["upload_session"]][row["status"]] = (row["number"], row["progress"])
    return {upload: _summary(groups) for upload, groups in by_upload.items()}


def _summary(groups: dict[str, tuple[int, int]]) -> tuple[int, Summary]:
    files = sum(number for number, _progress in groups.values())
    counted = {status: group for status, group in groups.items() if status != JobStatus.REJECTED}
    total = sum(number for number, _progress in counted.values())
    progress = sum(percents for _number, percents in counted.values()) / total if total else 0.0
    numbers = {status: counted.get(status, (0, 0))[0] for status in JobStatus}
    summary = Summary(
        total_jobs=total,
        completed=numbers[JobStatus.COMPLETED],
        processing=numbers[JobStatus.PROCESSING],
        pending=numbers[JobStatus.PENDING],
        failed=numbers[JobStatus.FAILED],
        overall_progress_percent=progress,
    )
    return files, summary


def processing_seconds(job: AnyJob) -> float | None:
    """How long a finished job was worked on; None if it is not finished or was never begun."""
    if job.started_at is None or job.completed_at is None:
        return None
    return round((job.completed_at - job.started_at).total_seconds(), 1)
