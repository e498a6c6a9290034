"""Claiming, holding and ending pieces of work: the reason why nothing is lost and nothing is done twice."""

import logging
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.heartbeats import worker_name
from photos.choices import StepKind, StepStatus
from photos.errors import StepLost
from photos.models import Image, ProcessingSession, ProcessingStep

logger = logging.getLogger(__name__)

# How long a step may take (s) before it is ended from outside. Generous: a 48-megapixel photo on a slow CPU.
DEADLINE_S: Final[dict[StepKind, int]] = {
    StepKind.SEGMENT: 180,
    StepKind.DETECT_SLICED: 600,
    StepKind.DETECT_DIRECT: 300,
    StepKind.AGGREGATE: 180,
    StepKind.DRAW: 120,
    StepKind.UPLOAD_ORIGINAL: 180,
    StepKind.UPLOAD_THUMBNAIL: 60,
    StepKind.UPLOAD_ANNOTATED: 120,
}
# How often a step is tried again after a fault that can pass by itself (contract, "Queues").
RETRIES: Final[dict[StepKind, int]] = {
    StepKind.SEGMENT: 2,
    StepKind.DETECT_SLICED: 3,
    StepKind.DETECT_DIRECT: 3,
    StepKind.AGGREGATE: 3,
    StepKind.DRAW: 2,
    StepKind.UPLOAD_ORIGINAL: 3,
    StepKind.UPLOAD_THUMBNAIL: 3,
    StepKind.UPLOAD_ANNOTATED: 3,
}


@dataclass(frozen=True)
class Claim:
    """The right to work on one step, as long as nobody else has claimed it since."""

    step_id: int
    attempt: int
    kind: StepKind


def create_step(
    *,
    image: Image,
    kind: StepKind,
    key: str,
    session: ProcessingSession | None = None,
    positions: list[int] | None = None,
) -> ProcessingStep:
    """Write a piece of work, once per key. On repeat the first row is returned."""
    step, _created = ProcessingStep.objects.get_or_create(
        key=key,
        defaults={"image": image, "session": session, "kind": kind, "container_positions": positions or []},
    )
    return step


def create_steps(steps: list[ProcessingStep]) -> None:
    """Write several pieces of work with one query; those whose key exists already stay as they are."""
    ProcessingStep.objects.bulk_create(steps, ignore_conflicts=True)


def claim_step(step_id: int) -> Claim | None:
    """Claim a step that is due, or that a silent worker left. None if it is finished, held, or not yet due."""
    now = timezone.now()
    step = ProcessingStep.objects.claimable(now).filter(pk=step_id).first()
    if step is None or not _is_unblocked(step):
        return None
    kind = StepKind(step.kind)
    claimed = (
        ProcessingStep.objects.claimable(now)
        .filter(pk=step_id, attempt=step.attempt)  # two claimants read the same number; only one may raise it
        .update(
            attempt=step.attempt + 1,
            status=StepStatus.RUNNING,
            worker=worker_name(),
            lease_expires_at=now + timedelta(seconds=settings.STEP_LEASE_S),
            deadline_at=now + timedelta(seconds=DEADLINE_S[kind]),
            tiles_done=0,
            tiles_total=0,
        )
    )
    return Claim(step_id, step.attempt + 1, kind) if claimed else None


def claim_company(claim: Claim, *, at_most: int) -> list[Claim]:
    """Claim further waiting steps of the same kind, the oldest first, to do their work together with a held one.

    Only first attempts keep company: a picture that kills its worker takes others along once, and is alone from then
    on, else they would be given up with it. Their own messages find them held, and end.
    """
    if claim.attempt > 1 or at_most < 1:
        return []
    with transaction.atomic():
        waiting = ProcessingStep.objects.claimable(timezone.now()).filter(
            kind=claim.kind, status=StepStatus.PENDING, attempt=0
        )
        if connection.features.has_select_for_update_skip_locked:  # two workers then choose different ones
            waiting = waiting.select_for_update(skip_locked=True)
        chosen = list(waiting.order_by("pk").values_list("pk", flat=True)[:at_most])
        claims = [claim_step(pk) for pk in chosen]
    return [company for company in claims if company is not None]


def _is_unblocked(step: ProcessingStep) -> bool:
    """Summing up waits until every detection of its session has ended, well or badly."""
    if step.kind != StepKind.AGGREGATE:
        return True
    return not ProcessingStep.objects.filter(session=step.session_id).detecting().unfinished().exists()


def lock_claim(claim: Claim) -> ProcessingStep:
    """Lock the step inside a transaction, so that what follows is written only by its holder.

    Raises StepLost if the step has moved on: another worker holds it or it is finished.
    """
    step = (
        ProcessingStep.objects.select_for_update(of=("self",))
        .select_related("image", "session")
        .filter(pk=claim.step_id, attempt=claim.attempt, status=StepStatus.RUNNING)
        .first()
    )
    if step is None:
        raise StepLost(f"Step {claim.step_id} is no longer held with attempt {claim.attempt}.")
    return step


def complete_step(step: ProcessingStep, *, seconds: float | None = None) -> None:
    """End a locked step well. Call in the transaction that writes its results."""
    step.status = StepStatus.DONE
    step.finished_at = timezone.now()
    step.seconds = seconds
    step.lease_expires_at = None
    step.error_code = step.error_message = ""
    step.save(
        update_fields=["status", "finished_at", "seconds", "lease_expires_at", "error_code", "error_message"]
    )


def end_step_badly(step: ProcessingStep, *, code: str, message: str) -> None:
    """End a step for good with the reason."""
    step.status = StepStatus.FAILED
    step.finished_at = timezone.now()
    step.lease_expires_at = None
    step.error_code, step.error_message = code[:40], message[:500]
    step.save(update_fields=["status", "finished_at", "lease_expires_at", "error_code", "error_message"])


def put_back(step: ProcessingStep, *, message: str) -> datetime | None:
    """Free a locked step after a fault that can pass by itself, to be tried again 2ⁿ s later with jitter.

    Returns when it is due, or None if it was tried often enough and is to be ended by the caller.
    """
    if step.failures >= RETRIES[StepKind(step.kind)]:
        return None
    step.failures += 1
    delay_s = 2**step.failures * random.uniform(0.5, 1.5)
    step.status = StepStatus.PENDING
    step.lease_expires_at = None
    step.sent_at = None
    step.not_before = timezone.now() + timedelta(seconds=delay_s)
    step.error_message = message[:500]
    step.save(
        update_fields=["failures", "status", "lease_expires_at", "sent_at", "not_before", "error_message"]
    )
    return step.not_before


def mark_sent(step_ids: list[int]) -> None:
    """Note that a message was sent, so that the sweep does not send another at once."""
    ProcessingStep.objects.filter(pk__in=step_ids).update(sent_at=timezone.now())


def mark_unsent(step_ids: list[int]) -> None:
    """Take the note back: the sweep sends these as soon as it can."""
    ProcessingStep.objects.filter(pk__in=step_ids).update(sent_at=None)


def report_tiles(claim: Claim, *, done: int, total: int) -> bool:
    """Write the share of tiles done. False if the step has moved on, and the work may stop."""
    return bool(
        ProcessingStep.objects.filter(
            pk=claim.step_id, attempt=claim.attempt, status=StepStatus.RUNNING
        ).update(tiles_done=done, tiles_total=total)
    )


def renew_lease(claim: Claim) -> bool:
    """Keep the claim for another lease, up to the deadline. False if it is lost or past its time."""
    now = timezone.now()
    return bool(
        ProcessingStep.objects.filter(
            Q(deadline_at__gt=now), pk=claim.step_id, attempt=claim.attempt, status=StepStatus.RUNNING
        ).update(lease_expires_at=now + timedelta(seconds=settings.STEP_LEASE_S))
    )


def _renew_or_wait(claim: Claim) -> bool:
    """Renew a lease; a database that is busy just now is asked again at the next turn, well before the lease ends."""
    try:
        return renew_lease(claim)
    except OperationalError as error:
        logger.warning("The lease of step %s could not be renewed: %s", claim.step_id, error)
        connection.close()
        return True


@contextmanager
def hold_lease(claim: Claim) -> Iterator[None]:
    """Renew the lease from a thread while the body works.

    The thread stops at the deadline: a step that hangs loses its lease, is swept, and its worker is ended.
    """
    stop = threading.Event()

    def renew() -> None:
        try:
            while not stop.wait(settings.STEP_RENEW_S) and _renew_or_wait(claim):
                pass
        finally:
            connection.close()

    thread = threading.Thread(target=renew, name=f"lease-{claim.step_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@transaction.atomic
def fail_exhausted(step_id: int) -> ProcessingStep | None:
    """End a step whose workers fell silent too often. None if it has moved on meanwhile."""
    step = (
        ProcessingStep.objects.select_for_update(of=("self",))
        .select_related("image", "session")
        .claimable(timezone.now())
        .filter(pk=step_id, attempt__gte=settings.STEP_MAX_CLAIMS)
        .first()
    )
    if step is None:
        return None
    end_step_badly(
        step,
        code="too_many_attempts",
        message=_("The work was begun %(times)d times and never ended. Count the photo again.")
        % {"times": step.attempt},
    )
    return step
