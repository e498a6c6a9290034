"""Jobs as clients follow them: a hundred every two seconds, so no more is read than is told."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from photos.choices import JobStatus
from photos.models import UploadJob
from photos.models.upload import warnings_of_job


class FollowedJob(NamedTuple):
    """One job with what is told of its count: a row of the database, for a model of fifty columns takes its time."""

    id: UUID
    image_id: UUID | None
    session_id: int | None
    duplicate_of_id: UUID | None
    filename: str
    status: str
    stage: str
    progress_percent: int
    started_at: datetime | None
    completed_at: datetime | None
    code: str
    error: str
    owner_id: int
    named_location_id: int | None
    count_uuid: UUID | None
    count_location_id: int | None
    count_warnings: list[str] | None
    detected: int  # as a person validated it, else by the model
    estimated: int

    @property
    def is_counted(self) -> bool:
        """Whether it has led to a count."""
        return self.status == JobStatus.COMPLETED and self.count_uuid is not None

    @property
    def warnings(self) -> list[str]:
        """Codes of CountWarning: those of the count, and what this upload contradicts."""
        return warnings_of_job(
            self.count_warnings or [], self.duplicate_of_id, self.named_location_id, self.count_location_id
        )


AnyJob = UploadJob | FollowedJob

_COLUMNS: Final[tuple[str | Combinable, ...]] = (
    *FollowedJob._fields[: FollowedJob._fields.index("owner_id")],
    "upload_session__user_id",
    "upload_session__storage_location_id",
    "session__uuid",
    "session__storage_location_id",
    "session__warnings",
    Coalesce("session__human_detected", "session__total_detected"),
    Coalesce("session__human_estimated", "session__total_estimated"),
)


def followed_jobs(jobs: QuerySet[UploadJob]) -> list[FollowedJob]:
    """These jobs in the order of their files: one query."""
    return list(map(FollowedJob._make, jobs.order_by("position", "created_at").values_list(*_COLUMNS)))
