"""Finding work that was lost on the way, and work that will never end."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from photos.choices import SessionStatus, StepKind, StepStatus
from photos.models import Image, ProcessingSession, ProcessingStep, UploadJob
from photos.services.execution.step_failures import propagate_failure
from photos.services.steps import jobs
from photos.services.steps.claims import create_step, fail_exhausted, give_one_more_try

RESEND_WHEN_EMPTY: Final = timedelta(
    seconds=20
)  # a message just sent may lie in a worker's hand, not in the queue
MAX_STEPS_PER_SWEEP: Final = 500
FAULTS_OF_OURS: Final = ("internal_error", "too_many_attempts")
# Faults after which a picture is given up: its first tries, then one an hour for most of a day, long enough to put a
# machine right. Claims (`attempt`) would be no measure: a store that is away for a night takes hundreds of them.
MAX_FAULTS: Final = 24


def end_exhausted() -> int:
    """End the steps that too many workers were lost with, and what hangs on them. Returns how many."""
    exhausted = (
        ProcessingStep.objects.claimable(timezone.now())
        .exhausted(settings.STEP_MAX_LOSSES)
        .exclude(kind=StepKind.UPLOAD_ORIGINAL)  # never given up: its bytes are safe in staging
    )
    ended = 0
    for step_id in exhausted.values_list("pk", flat=True)[:MAX_STEPS_PER_SWEEP]:
        with transaction.atomic():
            step = fail_exhausted(step_id)
            if step is not None:
                propagate_failure(step)
                ended += 1
    return ended


def end_forgotten_jobs() -> int:
    """End the jobs that were written while their count ended, which did not see them. Returns of how many counts."""
    forgotten = UploadJob.objects.forgotten().order_by().values_list("session", flat=True).distinct()
    sessions = ProcessingSession.objects.filter(pk__in=list(forgotten[:MAX_STEPS_PER_SWEEP]))
    for session in sessions:
        jobs.finish_jobs(session)
    return len(sessions)


def find_lost_steps(is_queue_empty: Callable[[str], bool]) -> list[ProcessingStep]:
    """Steps whose message is lost, as far as rows and queues tell.

    A lease that ran out: at once, then as a pending step. That: when it was never sent, when its queue is empty, or
    after ten minutes. Sending one too many is harmless, for only one claim succeeds, but thousands would hide others.
    """
    now = timezone.now()
    ready = ProcessingStep.objects.claimable(now).unblocked().select_related("image")
    sent_since = Q(status=StepStatus.RUNNING, sent_at__gte=F("lease_expires_at"))
    left = ready.filter(status=StepStatus.RUNNING).filter(~sent_since | Q(sent_at=None))
    pending = ready.filter(Q(status=StepStatus.PENDING) | sent_since)
    never_sent = pending.filter(sent_at=None, created_at__lt=now - timedelta(seconds=2))
    long_ago = pending.filter(sent_at__lt=now - timedelta(seconds=settings.STEP_RESEND_S))
    waiting = pending.filter(sent_at__lt=now - RESEND_WHEN_EMPTY).exclude(pk__in=long_ago.values("pk"))
    kinds = {kind for kind in waiting.values_list("kind", flat=True).distinct() if is_queue_empty(kind)}
    return [
        *left[:MAX_STEPS_PER_SWEEP],
        *never_sent[:MAX_STEPS_PER_SWEEP],
        *long_ago[:MAX_STEPS_PER_SWEEP],
        *waiting.filter(kind__in=kinds)[:MAX_STEPS_PER_SWEEP],
    ]


def reopen_missing_pictures() -> list[ProcessingStep]:
    """Make steps anew for pictures that are missing: those that a fault of ours ended an hour ago.

    What an outage prevented needs none: it has never ended. What lies in the picture is final, and so is what has met
    MAX_FAULTS faults. Returns the steps to send.
    """
    hour_ago = timezone.now() - timedelta(hours=1)
    failed = ProcessingStep.objects.filter(
        kind__in=[
            StepKind.UPLOAD_THUMBNAIL,
            StepKind.UPLOAD_FULL_PICTURE,
            StepKind.DRAW,
            StepKind.UPLOAD_ANNOTATED,
        ],
        status=StepStatus.FAILED,
        error_code__in=FAULTS_OF_OURS,
        failures__lt=MAX_FAULTS,
        finished_at__lt=hour_ago,
        finished_at__gt=hour_ago - timedelta(days=1),
        image__deleted_at=None,
    ).filter(Q(session=None) | Q(session__status=SessionStatus.COMPLETED))
    steps = list(failed.select_related("image")[:MAX_STEPS_PER_SWEEP])
    give_one_more_try(steps)
    bare = Image.objects.not_deleted().filter(thumbnail_key="", uploaded_at__lt=hour_ago)
    return steps + [
        create_step(image=image, kind=StepKind.UPLOAD_THUMBNAIL, key=f"{image.pk}:thumbnail")
        for image in bare.exclude(steps__kind=StepKind.UPLOAD_THUMBNAIL)[:MAX_STEPS_PER_SWEEP]
    ]
