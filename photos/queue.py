"""The only place that knows task names, and sends them.

Messages are hints: they go out after the transaction has committed, and the sweep repeats what was lost. So a broker
that does not answer is logged, holds nobody up for long and refuses nobody's upload. Tasks are named, not imported, so
the web process loads no model library. CELERY_TASK_ROUTES says which queue a name goes to.
"""

import logging
from collections.abc import Iterable

from celery import Signature, chord, current_app
from django.db import transaction

from demeter.broker import BrokerAway, reachable_broker
from photos.choices import StepKind, StepStatus
from photos.models import ProcessingSession, ProcessingStep
from photos.services.steps.claims import clear_sent, mark_sent

logger = logging.getLogger(__name__)

PROCESS_IMAGE = "process_image"  # the same work as StepKind.SEGMENT for a photo without inventory


def send_steps(steps: Iterable[ProcessingStep]) -> None:
    """Send a message for each step that waits, once the rows are committed.

    Steps that their own transaction has noted as sent are not noted again; if they cannot be sent, the note goes.
    """
    waiting = [step for step in steps if step.status == StepStatus.PENDING]
    unnoted = [step.pk for step in waiting if step.sent_at is None]
    if waiting:
        transaction.on_commit(lambda: _send(waiting, note=unnoted), robust=True)


def send_steps_again(steps: Iterable[ProcessingStep]) -> None:
    """Send a message for each of these steps whatever its status: a running one may have lost its worker."""
    steps = list(steps)
    if steps:
        transaction.on_commit(lambda: _send(steps, note=[step.pk for step in steps]), robust=True)


def send_session(session: ProcessingSession) -> None:
    """Send the first steps of a count and of its photo."""
    send_steps([*session.steps.unfinished(), *session.image.steps.unfinished().filter(session=None)])


def send_detection(session: ProcessingSession) -> None:
    """Send the detection steps of a count as a chord whose callback sums up."""
    transaction.on_commit(lambda: _send_chord(session.pk), robust=True)


def send_aggregation(session_id: int) -> None:
    """Send the summing up of a count if every detection has ended: a detection sent again is outside its chord."""
    if ProcessingStep.objects.filter(session=session_id).detecting().unfinished().exists():
        return
    send_steps(
        ProcessingStep.objects.filter(session=session_id, kind=StepKind.AGGREGATE).select_related("image")
    )


def _send(steps: list[ProcessingStep], *, note: list[int]) -> None:
    try:
        with reachable_broker():
            for step in steps:
                current_app.send_task(task_name(step), args=[step.pk], retry=False)
    except BrokerAway as error:
        logger.warning("%s Left to the sweep: %d steps", error, len(steps))
        clear_sent([step.pk for step in steps])
    except Exception:
        clear_sent([step.pk for step in steps])
        raise
    else:
        if note:
            mark_sent(note)


def _send_chord(session_id: int) -> None:
    steps = list(
        ProcessingStep.objects.filter(session=session_id).select_related("image").detecting().unfinished()
    )
    callback = ProcessingStep.objects.filter(session=session_id, kind=StepKind.AGGREGATE).unfinished().first()
    if callback is None:
        return
    try:
        with reachable_broker():
            if steps:
                chord([_signature(step) for step in steps], _signature(callback)).apply_async()
            else:
                _signature(callback).apply_async()
    except BrokerAway as error:
        logger.warning("%s Left to the sweep: the detection of count %d", error, session_id)
    else:
        mark_sent([callback.pk, *(step.pk for step in steps)])


def _signature(step: ProcessingStep) -> Signature:
    return current_app.signature(task_name(step), args=(step.pk,), immutable=True)


def task_name(step: ProcessingStep) -> str:
    """The task that does this step: a step's kind is the name of its task."""
    if step.kind == StepKind.SEGMENT and not step.image.with_inventory:
        return PROCESS_IMAGE
    return str(step.kind)


def is_queue_empty(name: str) -> bool:
    """Whether no message for this task's queue waits at the broker."""
    queue = current_app.amqp.router.route({}, name)["queue"].name
    with current_app.connection_for_read() as connection:
        channel = connection.default_channel
        try:
            return bool(channel.queue_declare(queue=queue, passive=True).message_count == 0)
        except connection.channel_errors:  # Redis keeps no empty queue: it does not exist then
            return True
