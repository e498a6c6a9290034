"""Keeping each job's row in step with its count, so that a client's poll reads one row and computes nothing."""

from typing import Final

from django.db.models import Sum
from django.utils import timezone

from photos.choices import JobStatus, SessionStatus, Stage, StepKind
from photos.models import ProcessingSession, UploadJob

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
    """Show that a count has entered a stage. Calling it again changes nothing."""
    jobs = UploadJob.objects.filter(session=session).unfinished()
    jobs.filter(started_at=None).update(started_at=timezone.now())
    jobs.update(status=JobStatus.PROCESSING, stage=stage, progress_percent=STAGE_BEGINS_PERCENT[stage])


def update_tile_progress(session_id: int) -> None:
    """Show the share of tiles that all detection steps of a count have done."""
    session = ProcessingSession.objects.get(pk=session_id)
    tiles = session.steps.detecting().aggregate(done=Sum("tiles_done"), total=Sum("tiles_total"))
    share = (tiles["done"] or 0) / (tiles["total"] or 1)
    begin, end = STAGE_BEGINS_PERCENT[Stage.DETECTING], STAGE_BEGINS_PERCENT[Stage.ESTIMATING]
    percent = begin + round((end - begin) * min(share, 1.0))
    UploadJob.objects.filter(
        session=session_id, stage=Stage.DETECTING, progress_percent__lt=percent
    ).unfinished().update(progress_percent=percent)


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
    return session.steps.filter(kind__in=[StepKind.DRAW, StepKind.UPLOAD_ANNOTATED]).under_way().exists()
