"""How long photos may still take: from what the same stages took of late, never from a made-up curve."""

import math
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, QuerySet, Sum

from photos.choices import JobStatus, SessionStatus, Stage, StepKind
from photos.models import ProcessingSession, ProcessingStep
from photos.services.steps.followed import AnyJob
from photos.services.steps.jobs import STAGE_BEGINS_PERCENT

_RECENT_COUNTS: Final = 20
# The steps that run one after another on the model worker: what a photo has to wait for.
_MODEL_STEPS: Final = (StepKind.SEGMENT, StepKind.DETECT_SLICED, StepKind.DETECT_DIRECT)
_UNDER_WAY: Final = (JobStatus.PENDING, JobStatus.PROCESSING)


@dataclass(frozen=True)
class Pace:
    """What a photo takes (s): to find its containers, to find its plants, to sum up. None of what nobody measured.

    waiting: the counts that have not ended, by key, in their order.
    """

    segment_s: float | None
    detect_s: float | None
    aggregate_s: float | None
    waiting: Sequence[int] = ()

    @property
    def model_s(self) -> float | None:
        """What one photo keeps the model worker busy. A photo without containers has nothing to detect."""
        return None if self.segment_s is None else self.segment_s + (self.detect_s or 0.0)


def measured_pace() -> Pace:
    """The means of the newest counts that ended well, and which counts wait: two queries."""
    measured = _seconds_a_photo()
    detecting = [measured[kind] for kind in _MODEL_STEPS[1:] if kind in measured]
    return Pace(
        segment_s=_mean(measured, StepKind.SEGMENT),
        detect_s=sum(seconds for seconds, _photos in detecting)
        / max(photos for _seconds, photos in detecting)
        if detecting
        else None,
        aggregate_s=_mean(measured, StepKind.AGGREGATE),
        waiting=list(ProcessingSession.objects.running().order_by("pk").values_list("pk", flat=True)),
    )


def pace_for(jobs: Collection[AnyJob]) -> Pace | None:
    """The pace that the time left of these jobs follows from; None, and no query, if all have ended."""
    return measured_pace() if any(job.status in _UNDER_WAY for job in jobs) else None


def remaining_seconds(job: AnyJob, pace: Pace, now: datetime) -> int | None:
    """How long a job may still take; None if it has ended, or as long as a stage before it was never measured.

    A photo that waits is begun after those before it. It assumes one model worker: with more it is sooner.
    """
    if job.status not in _UNDER_WAY or pace.model_s is None or pace.aggregate_s is None:
        return None
    segment_s, detect_s = pace.segment_s or 0.0, pace.detect_s or 0.0
    match Stage(job.stage):
        case Stage.STORED:
            ahead = bisect_left(pace.waiting, job.session_id or 0)
            left = (ahead + 1) * pace.model_s + pace.aggregate_s
        case Stage.SEGMENTING:
            elapsed_s = (now - job.started_at).total_seconds() if job.started_at else 0.0
            left = max(segment_s - elapsed_s, 0.0) + detect_s + pace.aggregate_s
        case Stage.DETECTING if pace.detect_s is not None:
            left = detect_s * (1 - _share_of_tiles(job)) + pace.aggregate_s
        case Stage.ESTIMATING | Stage.BOOKING:
            left = pace.aggregate_s
        case _:
            return (
                None  # not measured yet; or counted and booked, and nobody measures how long a drawing waits
            )
    return math.ceil(left)


def completion_minutes() -> float | None:
    """How long all waiting photos may take: the model's measured seconds a photo, times the photos that wait.

    None as long as nothing has been measured. It assumes one model worker: with more it is sooner.
    """
    pace = measured_pace()
    if pace.model_s is None:
        return None
    return math.ceil(pace.model_s * len(pace.waiting) / 6) / 10  # whole tenths of minutes


def _share_of_tiles(job: AnyJob) -> float:
    begin, end = STAGE_BEGINS_PERCENT[Stage.DETECTING], STAGE_BEGINS_PERCENT[Stage.ESTIMATING]
    return min(max((job.progress_percent - begin) / (end - begin), 0.0), 1.0)


def _seconds_a_photo() -> dict[str, tuple[float, int]]:
    """By kind of step: the seconds of the newest counts together, and how many photos they are."""
    recent: QuerySet[ProcessingSession] = ProcessingSession.objects.filter(status=SessionStatus.COMPLETED)
    rows = (
        ProcessingStep.objects.filter(
            session__in=recent.order_by("-pk").values("pk")[:_RECENT_COUNTS],
            kind__in=[*_MODEL_STEPS, StepKind.AGGREGATE],
            seconds__isnull=False,
        )
        .order_by()
        .values_list("kind")
        .annotate(seconds=Sum("seconds"), photos=Count("session", distinct=True))
    )
    return {kind: (seconds, photos) for kind, seconds, photos in rows}


def _mean(measured: dict[str, tuple[float, int]], kind: StepKind) -> float | None:
    seconds, photos = measured.get(kind, (0.0, 0))
    return seconds / photos if photos else None
