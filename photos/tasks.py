"""The tasks that move bytes, and the sweep that finds what was lost. Arguments are row ids."""

import logging
from typing import Any

from celery import shared_task
from celery.concurrency.thread import TaskPool as ThreadPool
from celery.signals import worker_ready

from demeter.heartbeats import delete_stale_workers
from photos import queue, storage
from photos.errors import StoreUnavailable
from photos.models import ProcessingStep
from photos.services.execution import cleanup, image_steps, old_pictures, recovery
from photos.services.execution.step_runner import run_step
from photos.services.steps import stuck_threads

logger = logging.getLogger(__name__)


@worker_ready.connect(dispatch_uid="photos.tasks")
def note_threads(sender: Any, **_: Any) -> None:
    """Tell the steps how many threads do them in this process; other pools give each a process of its own.

    Greenlets count as threads.
    """
    if isinstance(sender.pool, ThreadPool) or sender.pool.is_green:
        stuck_threads.set_threads(sender.pool.limit)


@shared_task(name="upload_original")
def upload_original(step_id: int) -> None:
    """Move an original from staging to the store."""
    run_step(step_id, image_steps.store_original)


@shared_task(name="upload_thumbnail")
def upload_thumbnail(step_id: int) -> None:
    """Make a photo's thumbnail, and a preview of what browsers do not show as it was counted."""
    run_step(step_id, image_steps.store_thumbnail)


@shared_task(name="upload_full_picture")
def upload_full_picture(step_id: int) -> None:
    """Make a JPEG in full size of what browsers do not show as it was counted."""
    run_step(step_id, image_steps.store_full_picture)


@shared_task(name="upload_annotated")
def upload_annotated(step_id: int) -> None:
    """Move a drawing and its thumbnail from staging to the store."""
    run_step(step_id, lambda claim: queue.send_steps(image_steps.store_annotated(claim)))


@shared_task(name="upload_probe", ignore_result=True)
def upload_probe() -> None:
    """Try the store while its circuit breaker is open: sent by `sweep_alerts` when a probe is due."""
    try:
        storage.probe_store()
    except StoreUnavailable as error:
        logger.info("The store was tried: %s", error)


@shared_task(name="upload_clear_old", ignore_result=True)
def upload_clear_old() -> dict[str, int]:
    """Delete pictures from the store that have had their time and can be made again. Beat calls it every hour."""
    try:
        return old_pictures.clear_old_pictures()
    except StoreUnavailable as error:
        logger.info("Old pictures are cleared an hour later: %s", error)
        return {}


@shared_task(name="sweep_steps")
def sweep_steps() -> dict[str, int]:
    """Send again what was lost and end what was tried too often. Beat calls it every few seconds."""
    ended = recovery.end_exhausted()
    recovery.end_forgotten_jobs()
    lost = recovery.find_lost_steps(queue.is_queue_empty)
    queue.send_steps_again(lost)
    return {"sent_again": len(lost), "ended": ended}


@shared_task(name="sweep_expired")
def sweep_expired() -> dict[str, int]:
    """Clear what has had its time, and make missing pictures anew. Beat calls it every hour."""
    cleared = cleanup.delete_expired()
    missing: list[ProcessingStep] = recovery.reopen_missing_pictures()
    queue.send_steps(missing)
    return {**cleared, "pictures_again": len(missing), "workers_forgotten": delete_stale_workers()}
