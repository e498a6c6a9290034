"""Claiming, holding and ending pieces of work: the reason why nothing is lost and nothing is done twice."""

import logging
import random
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.errors import DATABASE_AWAY
from demeter.heartbeats import worker_name
from demeter.middleware import request_id_at_hand
from photos.choices import StepKind, StepStatus
from photos.errors import StepLost
from photos.models import Image, ProcessingSession, ProcessingStep
from photos.querysets import FINISHED
from photos.services.steps.deadlines import DEADLINE_S, IN_THREADS, OUTAGE_WAIT_MAX_S, RETRIES
from photos.services.steps.stuck_threads import one_more_stuck

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Claim:
    """The right to work on one step, as long as nobody else has claimed it since."""

    step_id: int
    attempt: int
    kind: StepKind
    request_id: str = ""  # of the request that has caused the work


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
    """Claim a step that is due, or whose lease has expired. None if it is finished, held, or not yet due.

    A step whose workers died STEP_MAX_LOSSES times is not claimed either: it is to be ended.
    """
    now = timezone.now()
    step = ProcessingStep.objects.claimable(now).unblocked().filter(pk=step_id).first()
    if step is None:
        return None
    losses = step.losses + (step.status == StepStatus.RUNNING)
    if losses >= settings.STEP_MAX_LOSSES and step.kind != StepKind.UPLOAD_ORIGINAL:
        return None
    kind = StepKind(step.kind)
    claimed = (
        ProcessingStep.objects.claimable(now)
        .filter(pk=step_id, attempt=step.attempt)  # two claimants read the same number; only one may raise it
        .update(
            attempt=step.attempt + 1,
            losses=losses,
            status=StepStatus.RUNNING,
            worker=worker_name(),
            lease_expires_at=now + timedelta(seconds=settings.STEP_LEASE_S),
            deadline_at=now + timedelta(seconds=DEADLINE_S[kind]),
            tiles_done=0,
            tiles_total=0,
        )
    )
    return Claim(step_id, step.attempt + 1, kind, step.request_id) if claimed else None


def claim_batch(claim: Claim, *, at_most: int) -> list[Claim]:
    """Claim further waiting steps of the same kind, the oldest first, to do their work together with a held one.

    Only steps that no worker was lost with are batched: a picture that kills its worker interrupts others once, and is
    done alone from then on, else they would be given up with it. Their own messages find them held, and end.
    """
    if at_most < 1 or not ProcessingStep.objects.filter(pk=claim.step_id).blameless().exists():
        return []
    with transaction.atomic():
        waiting = (
            ProcessingStep.objects.claimable(timezone.now())
            .filter(kind=claim.kind, status=StepStatus.PENDING)
            .blameless()
        )
        if connection.features.has_select_for_update_skip_locked:  # two workers then choose different ones
            waiting = waiting.select_for_update(skip_locked=True)
        chosen = list(waiting.order_by("pk").values_list("pk", flat=True)[:at_most])
        claims = [claim_step(pk) for pk in chosen]
    return [claim for claim in claims if claim is not None]


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


def fail_step(step: ProcessingStep, *, code: str, message: str) -> None:
    """End a step for good with the reason."""
    step.status = StepStatus.FAILED
    step.finished_at = timezone.now()
    step.lease_expires_at = None
    step.error_code, step.error_message = code[:40], message[:500]
    step.save(update_fields=["status", "finished_at", "lease_expires_at", "error_code", "error_message"])


def schedule_retry(step: ProcessingStep, *, message: str) -> datetime | None:
    """Free a locked step after a fault that may be ours or the photo's, to be tried again 2ⁿ s later with jitter.

    Returns when it is due, or None if it was tried often enough and is to be ended by the caller.
    """
    if step.failures >= RETRIES[StepKind(step.kind)]:
        return None
    step.failures += 1
    wait_s = 2.0**step.failures * random.uniform(0.5, 1.5)
    _free_until(step, wait_s, code="", message=message)
    return step.not_before


def postpone(step: ProcessingStep, *, code: str, message: str, retry_after_s: float | None = None) -> None:
    """Free a locked step that an outage keeps from its work. That uses up no try: it waits as long as the outage lasts.

    Its `error_code` says what it waits for until it is done. retry_after_s: how long it waits at least, where that is
    known; else longer with each claim.
    """
    if retry_after_s is None:
        wait_s = min(2.0 ** min(step.attempt, 16), OUTAGE_WAIT_MAX_S) * random.uniform(0.5, 1.5)
    else:
        wait_s = retry_after_s + random.uniform(0.0, 2.0)
    _free_until(step, wait_s, code=code, message=message)


def _free_until(step: ProcessingStep, wait_s: float, *, code: str, message: str) -> None:
    step.status = StepStatus.PENDING
    step.lease_expires_at = None
    step.sent_at = None
    step.not_before = timezone.now() + timedelta(seconds=wait_s)
    step.error_code, step.error_message = code[:40], message[:500]
    step.save(
        update_fields=[
            "failures", "status", "lease_expires_at", "sent_at", "not_before", "error_code", "error_message"
        ]
    )  # fmt: skip


def reopen(steps: Collection[ProcessingStep]) -> None:
    """Have steps done once more, from their first try on. `attempt` goes on: an old claim stays an old one.

    So the result of a worker that still has one of them in hand is refused. The work is now that of whoever asks.
    """
    for step in steps:
        step.failures = 0
        step.request_id = request_id_at_hand() or step.request_id
    _open_again(steps)


def give_one_more_try(steps: Collection[ProcessingStep]) -> None:
    """Have failed steps done once more: the fault that ended each is counted with those before it."""
    for step in steps:
        step.failures += 1
    _open_again(steps)


def _open_again(steps: Collection[ProcessingStep]) -> None:
    now = timezone.now()
    for step in steps:
        step.status, step.losses, step.reopened_at = StepStatus.PENDING, 0, now
        step.sent_at = step.not_before = step.finished_at = step.lease_expires_at = None
        step.error_code = step.error_message = ""
    ProcessingStep.objects.bulk_update(
        steps,
        [
            "status", "failures", "losses", "reopened_at", "sent_at", "not_before", "finished_at", "lease_expires_at",
            "error_code", "error_message", "request_id",
        ],
    )  # fmt: skip


def has_ended(claim: Claim) -> bool:
    """Whether the claimed step has ended, and nobody has asked for it once more since."""
    return ProcessingStep.objects.filter(
        pk=claim.step_id, attempt=claim.attempt, status__in=FINISHED
    ).exists()


def free_claims(workers: Collection[str]) -> list[ProcessingStep]:
    """Give back what dead workers (host:pid) held, without waiting for their leases. Returns the steps to send.

    Each has lost one worker more. A step that has moved on meanwhile is left alone.
    """
    held = ProcessingStep.objects.filter(status=StepStatus.RUNNING, worker__in=workers).select_related(
        "image"
    )
    return [step for step in held if _give_back(step.pk, step.attempt)]


def _give_back(step_id: int, attempt: int) -> bool:
    return bool(
        ProcessingStep.objects.filter(pk=step_id, attempt=attempt, status=StepStatus.RUNNING).update(
            status=StepStatus.PENDING,
            losses=F("losses") + 1,
            lease_expires_at=None,
            sent_at=None,
            not_before=None,
        )
    )


def mark_sent(step_ids: list[int]) -> None:
    """Note that a message was sent, so that the sweep does not send another at once."""
    ProcessingStep.objects.filter(pk__in=step_ids).update(sent_at=timezone.now())


def clear_sent(step_ids: list[int]) -> None:
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
    """Renew a lease; a database that is busy just now is tried again in the next round, well before the lease ends."""
    try:
        return renew_lease(claim)
    except DATABASE_AWAY as error:
        logger.warning("The lease of step %s could not be renewed: %s", claim.step_id, error)
        connection.close()
        return True


@contextmanager
def hold_lease(claim: Claim) -> Iterator[None]:
    """Renew the lease from a thread while the body works.

    The thread stops at the deadline. A step that hangs in a process of its own then loses its lease, is swept, and its
    worker is ended. One of a pool of threads is given back at once, and its late result is refused.
    """
    stop = threading.Event()

    def renew() -> None:
        try:
            while not stop.wait(settings.STEP_RENEW_S):
                if not _renew_or_wait(claim):
                    if claim.kind in IN_THREADS and _give_back_overdue(claim):
                        logger.error("Step %s hangs past its deadline and is given back.", claim.step_id)
                        connection.close()
                        with one_more_stuck():
                            stop.wait()
                    return
        finally:
            connection.close()

    thread = threading.Thread(target=renew, name=f"lease-{claim.step_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _give_back_overdue(claim: Claim) -> bool:
    """Give a step back that a thread holds past its deadline. False if it has moved on for another reason."""
    overdue = ProcessingStep.objects.filter(pk=claim.step_id, attempt=claim.attempt)
    try:
        return overdue.past_deadline(timezone.now()).exists() and _give_back(claim.step_id, claim.attempt)
    except DATABASE_AWAY as error:
        logger.warning("Step %s could not be given back: %s", claim.step_id, error)
        return False  # its lease ends by itself


@transaction.atomic
def fail_exhausted(step_id: int) -> ProcessingStep | None:
    """Fail a step whose lease has expired STEP_MAX_LOSSES times. None if it has moved on meanwhile."""
    step = (
        ProcessingStep.objects.select_for_update(of=("self",))
        .select_related("image", "session")
        .claimable(timezone.now())
        .exhausted(settings.STEP_MAX_LOSSES)
        .filter(pk=step_id)
        .first()
    )
    if step is None:
        return None
    fail_step(
        step,
        code="too_many_attempts",
        message=_("The work was begun %(times)d times and never ended. Count the photo again.")
        % {"times": settings.STEP_MAX_LOSSES},
    )
    return step
