"""What follows when a piece of work cannot be done."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from photos.choices import StepKind, StepStatus
from photos.models import Image, ProcessingStep
from photos.services.results.session_lifecycle import fail_session
from photos.services.steps import jobs
from photos.services.steps.claims import Claim, fail_step, lock_claim, postpone, schedule_retry

ORIGINAL_AGAIN_AFTER: Final = timedelta(hours=1)


@transaction.atomic
def fail_permanently(claim: Claim, *, code: str, message: str) -> None:
    """End a held step for a fault that trying again cannot mend."""
    step = lock_claim(claim)
    fail_step(step, code=code, message=message)
    propagate_failure(step)


@transaction.atomic
def retry_or_fail(claim: Claim, *, code: str, message: str) -> None:
    """Put a held step back after a fault that may be ours or the photo's, or end it if it was tried often enough."""
    step = lock_claim(claim)
    if schedule_retry(step, message=message) is None:
        fail_step(step, code=code, message=message)
        propagate_failure(step)


@transaction.atomic
def wait_out(claim: Claim, *, code: str, message: str, retry_after_s: float | None = None) -> None:
    """Put a held step back until an outage is over. The job of a count does not wait for its drawing that long."""
    step = lock_claim(claim)
    postpone(step, code=code, message=message, retry_after_s=retry_after_s)
    if step.kind in (StepKind.DRAW, StepKind.UPLOAD_ANNOTATED):
        jobs.finish_jobs(step.own_session)


def propagate_failure(step: ProcessingStep) -> None:
    """Carry the end of a failed step to its count, its job and its photo.

    A count fails with its segmentation or its summing up; it also fails when every detection has failed. Where only
    some have, the summing up goes on with the others and warns `partial_count`. A picture that is made of
    a photo never changes a count; an original is never given up, it lies safe in staging until the store takes it.
    """
    match StepKind(step.kind):
        case StepKind.SEGMENT | StepKind.AGGREGATE:
            fail_session(step.own_session, code=step.error_code, message=step.error_message)
        case StepKind.DETECT_SLICED | StepKind.DETECT_DIRECT:
            # Two that fail at once would each take the other for one that still runs.
            Image.objects.select_for_update(no_key=True).get(pk=step.image_id)
            siblings = ProcessingStep.objects.filter(session=step.session_id).detecting()
            if not siblings.exclude(status=StepStatus.FAILED).exists():
                fail_session(step.own_session, code=step.error_code, message=step.error_message)
        case StepKind.DRAW | StepKind.UPLOAD_ANNOTATED:
            jobs.finish_jobs(step.own_session)
        case StepKind.UPLOAD_ORIGINAL:
            step.status, step.failures = StepStatus.PENDING, 0
            step.sent_at, step.not_before = None, timezone.now() + ORIGINAL_AGAIN_AFTER
            step.save(update_fields=["status", "failures", "sent_at", "not_before"])
        case StepKind.UPLOAD_THUMBNAIL | StepKind.UPLOAD_FULL_PICTURE:
            pass
