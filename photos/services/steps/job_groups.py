"""What became of the files that a person has sent lately, in four numbers."""

from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q

from demeter.accounts.models import User
from photos.choices import BookingState, JobPurpose, JobStatus
from photos.models import UploadJob


@dataclass(frozen=True)
class JobGroups:
    """Files that wait for a person, could not be counted, are being counted, and are done."""

    waiting: int
    failed: int
    running: int
    done: int

    @property
    def all(self) -> int:
        """Files of all groups."""
        return self.waiting + self.failed + self.running + self.done


def job_groups(user: User, hours: int) -> JobGroups:
    """The files of the last hours as the page of uploads groups them: the newest job of each photo. One query."""
    own = UploadJob.objects.still_listed(hours).filter(
        upload_session__user=user, purpose__in=[JobPurpose.UPLOAD, JobPurpose.REPROCESS]
    )
    later = own.filter(image=OuterRef("image"), created_at__gt=OuterRef("created_at"))
    newest = own.filter(~Exists(later)).filter(Q(image=None) | Q(image__deleted_at=None))
    completed = Q(status=JobStatus.COMPLETED)
    elsewhere = Q(
        duplicate_of__isnull=False,
        upload_session__storage_location__isnull=False,
        session__storage_location__isnull=False,
    ) & ~Q(session__storage_location=F("upload_session__storage_location"))
    waiting = completed & (Q(session__booking_state=BookingState.WAITING) | elsewhere)
    counts = newest.order_by().aggregate(
        all=Count("pk"),
        waiting=Count("pk", filter=waiting),
        failed=Count("pk", filter=Q(status__in=[JobStatus.FAILED, JobStatus.REJECTED])),
        running=Count("pk", filter=Q(status__in=[JobStatus.PENDING, JobStatus.PROCESSING])),
    )
    others = counts["waiting"] + counts["failed"] + counts["running"]
    return JobGroups(counts["waiting"], counts["failed"], counts["running"], counts["all"] - others)
