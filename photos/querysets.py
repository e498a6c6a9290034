"""Named questions about photos."""

from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Any, Self

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from demeter.change_times import ChangeTimedUpdates
from photos.choices import ImageStatus, JobStatus, SessionStatus, StepKind, StepStatus
from photos.errors import OriginalMissing
from photos.warning_catalogue import WAITING

FINISHED = (StepStatus.DONE, StepStatus.FAILED)
DETECTING = (StepKind.DETECT_SLICED, StepKind.DETECT_DIRECT)
DRAWING = (StepKind.DRAW, StepKind.UPLOAD_ANNOTATED)
# An index holds the counts of which this is true.
HAS_WARNINGS = ~Q(warnings=[]) & ~Q(warnings=["superseded"])
_WAITS = reduce(or_, [Q(error_details__startswith=f"{code}:") for code in WAITING])


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


class ImageQuerySet(ChangeTimedUpdates, models.QuerySet[Any]):
    """Photos, by who may see them and whether they are evidence of stock."""

    def update(self, **values: Any) -> int:
        if "status" in values:  # what has that status already keeps its time
            unchanged = When(status=values["status"], then=F("processing_status_updated_at"))
            values = {
                "processing_status_updated_at": Case(unchanged, default=Value(timezone.now())),
                **values,
            }
        return super().update(**values)

    def visible_to(self, user: User) -> Self:
        """Workers see their own photos, supervisors and admins all; opened viewers all but those in the trash."""
        if user.has_role(Role.SUPERVISOR):
            return self
        if user.role == Role.VIEWER and user.can_read:
            return self.not_deleted()
        return self.filter(uploaded_by=user)

    def not_deleted(self) -> Self:
        return self.filter(deleted_at__isnull=True)

    def in_inventory(self) -> Self:
        """Photos that count as stock: not those sent for an analysis only."""
        return self.filter(with_inventory=True)

    def in_trash(self) -> Self:
        return self.filter(deleted_at__isnull=False)

    def ready(self) -> Self:
        return self.filter(status=ImageStatus.READY)

    def failed(self) -> Self:
        """Those that could not be counted, and those that wait for a person."""
        return self.filter(status=ImageStatus.FAILED)

    def waiting_for(self, code: str) -> Self:
        """Those that wait for a person for this reason, such as needs_location."""
        return self.failed().filter(error_details__startswith=f"{code}:")

    def waiting_for_person(self) -> Self:
        """Those that are counted and wait for an answer: their error begins with what is asked (contract)."""
        return self.failed().filter(_WAITS)

    def broken(self) -> Self:
        """Those that could not be counted."""
        return self.failed().exclude(_WAITS)

    def uploaded_from(self, day: date) -> Self:
        return self.filter(uploaded_at__gte=_midnight(day))

    def uploaded_until(self, day: date) -> Self:
        """That whole day included, in the nursery's time zone."""
        return self.filter(uploaded_at__lt=_midnight(day + timedelta(days=1)))

    def older_than(self, photo: Any) -> Self:
        """Those that stand after this one where the newest stand first."""
        at = photo.uploaded_at
        return self.filter(Q(uploaded_at__lt=at) | Q(uploaded_at=at, pk__lt=photo.pk))

    def with_drawing(self) -> Self:
        """Adds `drawing_id`: the drawing of the newest count, None where there is none."""
        counts = self.model._meta.get_field("sessions").related_model.objects.filter(image=OuterRef("pk"))
        newest = counts.order_by("-attempt").values("processed_image_id")[:1]
        return self.annotate(drawing_id=Subquery(newest))

    def with_original(self) -> Self:
        """All but those whose original was missing when it was last wanted, to be stored or to be counted."""
        steps = self.model._meta.get_field("steps").related_model.objects.filter(image=OuterRef("pk"))
        counts = self.model._meta.get_field("sessions").related_model.objects.filter(image=OuterRef("pk"))
        return self.filter(
            ~Exists(steps.filter(kind=StepKind.UPLOAD_ORIGINAL, error_code=OriginalMissing.code)),
            ~Exists(counts.newest().filter(status=SessionStatus.FAILED, error_code=OriginalMissing.code)),
        )

    def newest_count_in(self, counts: models.QuerySet[Any]) -> Self:
        """Photos whose newest count is one of these."""
        return self.filter(pk__in=counts.values("image"))


class UploadJobQuerySet(models.QuerySet[Any]):
    """The files of uploads, by their age and state."""

    def still_listed(self, hours: int) -> Self:
        return self.filter(created_at__gte=timezone.now() - timedelta(hours=hours))

    def unfinished(self) -> Self:
        return self.filter(status__in=[JobStatus.PENDING, JobStatus.PROCESSING])

    def forgotten(self) -> Self:
        """Unfinished ones of counts that have ended and are drawn: written while the count ended, unseen by it."""
        steps = self.model._meta.get_field("session").related_model._meta.get_field("steps").related_model
        drawing = steps.objects.filter(session=OuterRef("session")).drawing().under_way()
        is_drawn = Q(session__status=SessionStatus.COMPLETED) & ~Exists(drawing)
        return self.unfinished().filter(Q(session__status=SessionStatus.FAILED) | is_drawn)


class ResumableUploadQuerySet(models.QuerySet[Any]):
    """Files that come in chunks, by whether they are whole and how old they are."""

    def unfinished(self) -> Self:
        return self.filter(job=None)

    def expired(self, now: datetime) -> Self:
        return self.filter(expires_at__lte=now)

    def alive(self, now: datetime) -> Self:
        return self.filter(expires_at__gt=now)


class ProcessingSessionQuerySet(ChangeTimedUpdates, models.QuerySet[Any]):
    """The counts of photos, by what became of them."""

    def running(self) -> Self:
        return self.filter(status__in=[SessionStatus.PENDING, SessionStatus.PROCESSING])

    def counted(self) -> Self:
        return self.filter(status=SessionStatus.COMPLETED)

    def newest(self) -> Self:
        """The last count of each photo."""
        later = self.model.objects.filter(image=OuterRef("image"), attempt__gt=OuterRef("attempt"))
        return self.filter(~Exists(later))

    def standing(self) -> Self:
        """Of each photo the finished count that stands for it: what a person has validated, else the newest.

        So the settlement ranks them too (photos.services.booking.stock_evidence). A later attempt that waits or has
        failed takes nothing from it.
        """
        # A correlated subquery, which asks the few counts of one photo: as a join it would read those of all photos.
        finished = self.model.objects.counted().filter(image=OuterRef("image"))
        return self.filter(pk=Subquery(finished.order_by("-validated", "-attempt").values("pk")[:1]))

    def moved(self) -> Self:
        """Counts whose photo a person moved here from another place, until somebody validates them."""
        return self.filter(moved_from__isnull=False, validated=False).exclude(
            moved_from=F("storage_location")
        )

    def with_draft(self) -> Self:
        """Finished counts whose corrections nobody has validated yet."""
        return self.filter(  # the first is what the index knows, and follows from the second
            version__gt=1,
            status=SessionStatus.COMPLETED,
        ).filter(version__gt=Coalesce(F("validated_version"), Value(1)))

    def with_warnings(self) -> Self:
        """Counts that a person should look at: that a newer one stands is no reason to."""
        return self.filter(HAS_WARNINGS)


class ProcessingStepQuerySet(models.QuerySet[Any]):
    """Processing steps, by who holds them and what has gone wrong with them."""

    def unfinished(self) -> Self:
        return self.exclude(status__in=FINISHED)

    def claimable(self, now: datetime) -> Self:
        """Pending and due, or running with an expired lease."""
        return self.filter(
            (Q(status=StepStatus.PENDING) & (Q(not_before__isnull=True) | Q(not_before__lte=now)))
            | Q(status=StepStatus.RUNNING, lease_expires_at__lt=now)
        )

    def exhausted(self, most_losses: int) -> Self:
        """Those that too many workers were lost with, one whose lease has just expired included."""
        return self.filter(
            Q(status=StepStatus.PENDING, losses__gte=most_losses)
            | Q(status=StepStatus.RUNNING, losses__gte=most_losses - 1)
        )

    def blameless(self) -> Self:
        """Those that neither failed nor lost a worker: at most an outage has kept them."""
        return self.filter(failures=0, losses=0)

    def under_way(self) -> Self:
        """Unfinished ones that no outage keeps from their work: only those kept say what went wrong."""
        return self.unfinished().filter(error_code="")

    def drawing(self) -> Self:
        return self.filter(kind__in=DRAWING)

    def detecting(self) -> Self:
        return self.filter(kind__in=DETECTING)

    def unblocked(self) -> Self:
        """All but the summing up of counts of which a detection has not ended yet, well or badly."""
        return self.filter(~Q(kind=StepKind.AGGREGATE) | ~Exists(self._detections().unfinished()))

    def with_waiting_since(self) -> Self:
        """Adds `waiting_since`: when a step was written or asked for once more.

        Summing up waits for a worker only since the last detection of its count has ended.
        """
        opened = Coalesce("reopened_at", "created_at")
        ended = self._detections().filter(finished_at__isnull=False).order_by("-finished_at")
        last_ended = Subquery(ended.values("finished_at")[:1])
        summing_up = When(kind=StepKind.AGGREGATE, then=Coalesce(last_ended, opened))
        return self.annotate(waiting_since=Case(summing_up, default=opened))

    def _detections(self) -> Self:
        """The detections of the count that an outer step is for."""
        steps: Self = self.model.objects.filter(session=OuterRef("session"))
        return steps.detecting()

    def past_deadline(self, now: datetime) -> Self:
        return self.filter(status=StepStatus.RUNNING, deadline_at__lt=now)
