"""Keeping each job's row in step with its count, so that a client's poll reads one row and computes nothing."""

from typing import Final
from uuid import UUID

from django.db.models import Count, Q, Sum, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from photos.choices import JobStatus, SessionStatus, Stage, StepKind
from photos.models import ProcessingSession, ProcessingStep, UploadJob
from photos.querysets import FINISHED

# Where each stage begins (%). Detection is nearly all of the work and moves with its share of tiles.
STAGE_BEGINS_PERCENT: Final[dict[Stage, int]] = {
    Stage.STORED: 0,
    Stage.SEGMENTING: 2,
    Stage.DETECTING: 10,
    Stage.ESTIMATING: 85,
    Stage.BOOKING: 90,
    Stage.DRAWING: 93,
    Stage.DONE: 100,
}


def enter_stage(session: ProcessingSession, stage: Stage) -> None:
    """Show that a count has entered a stage. Calling it again changes nothing; progress never falls."""
    jobs = UploadJob.objects.filter(session=session).unfinished()
    jobs.filter(started_at=None).update(started_at=timezone.now())
    jobs.update(
        status=JobStatus.PROCESSING,
        stage=stage,
        progress_percent=Greatest("progress_percent", Value(STAGE_BEGINS_PERCENT[stage])),
    )


def update_tile_progress(session_id: int) -> None:
    """Show the share of tiles that all detection steps of a count have done.

    A step that has not begun has told no tiles yet: it is taken to have as many as the others on average.
    """
    session = ProcessingSession.objects.get(pk=session_id)
    has_told = Q(tiles_total__gt=0)
    tiles = session.steps.detecting().aggregate(
        done=Sum("tiles_done"),
        told=Sum("tiles_total"),
        telling=Count("pk", filter=has_told),
        to_come=Count("pk", filter=~has_told & ~Q(status__in=FINISHED)),
    )
    told = tiles["told"] or 0
    to_come = tiles["to_come"] * told / max(tiles["telling"], 1)
    share = (tiles["done"] or 0) / max(told + to_come, 1)
    begin, end = STAGE_BEGINS_PERCENT[Stage.DETECTING], STAGE_BEGINS_PERCENT[Stage.ESTIMATING]
    percent = begin + round((end - begin) * min(share, 1.0))
    UploadJob.objects.filter(
        session=session_id, stage=Stage.DETECTING, progress_percent__lt=percent
    ).unfinished().update(progress_percent=percent)


def first_step_of(job_id: str) -> int | None:
    """The step by which the count of a job begins, by the job's UUID. None where no row has it."""
    try:
        key = UUID(job_id)
    except ValueError:
        return None
    first = ProcessingStep.objects.filter(session__jobs=key, kind=StepKind.SEGMENT)
    return first.values_list("pk", flat=True).first()


def finish_jobs(session: ProcessingSession) -> None:
    """End the jobs of a count that has ended and is drawn (or cannot be drawn). Safe to call at any time."""
    jobs = UploadJob.objects.filter(session=session).unfinished()
    now = timezone.now()
    if session.status == SessionStatus.FAILED:
        jobs.update(
            status=JobStatus.FAILED,
            code=session.error_code,
            error=session.error_message,
            progress_percent=STAGE_BEGINS_PERCENT[Stage.DONE],  # it has ended: the upload's bar ends at 100 %
            completed_at=now,
        )
    elif session.status == SessionStatus.COMPLETED and not is_being_drawn(session):
        jobs.update(
            status=JobStatus.COMPLETED,
            stage=Stage.DONE,
            progress_percent=STAGE_BEGINS_PERCENT[Stage.DONE],
            completed_at=now,
        )


def is_being_drawn(session: ProcessingSession) -> bool:
    """Whether the drawing of a count is still under way. One that waits for an outage is made when that is over."""
    return session.steps.drawing().under_way().exists()
