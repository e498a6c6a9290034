"""The tasks that count: each loads rows, calls a stage of `vision.pipeline` and has photos' services save the result.

A task's argument is the id of its step (photos.models.ProcessingStep). The row decides whether there is anything to
do, so each may be delivered twice, late or never.
"""

import logging
import time
from collections.abc import Callable
from uuid import UUID

from celery import shared_task
from django.conf import settings

from demeter.errors import TemporaryError
from mlpipeline.detectors.caching_detector import prefetch_coarse_probes
from mlpipeline.detectors.engines import load_engine
from mlpipeline.services import model_registry
from mlpipeline.services.batched_detection import detect_steps, max_batched_steps
from mlpipeline.services.count_settings import count_options, estimate_options
from mlpipeline.services.density_priors import place_priors
from mlpipeline.services.detector_cache import cached_detector
from mlpipeline.services.image_cache import load_original
from mlpipeline.services.memory_release import release_memory
from mlpipeline.services.model_breaker import model_guard, probe_models
from mlpipeline.services.row_mapping import (
    containers_found,
    counted_container,
    detected_rows,
    found_container,
    sizes_of,
)
from mlpipeline.tasks.classifying import answer_predictions_first
from mlpipeline.vision.arrays import shape_of
from mlpipeline.vision.errors import VisionError
from mlpipeline.vision.imaging.pyramid import shared_pyramid
from mlpipeline.vision.imaging.qr_codes import read_qr_codes
from mlpipeline.vision.pipeline import aggregate, segment
from mlpipeline.vision.protocols import tile_detector
from mlpipeline.vision.results import container_warnings
from photos import queue
from photos.choices import Stage, StepStatus
from photos.models import ProcessingStep
from photos.services.execution.step_runner import run_step
from photos.services.results.count_results import CountedPhoto, save_containers, save_count
from photos.services.results.place_labels import note_labels
from photos.services.results.session_lifecycle import mark_started
from photos.services.steps.claims import Claim
from photos.services.steps.jobs import first_step_of

logger = logging.getLogger(__name__)


@shared_task(name="process_photo_ml")
def process_photo_ml(step_id: int) -> None:
    """Find the containers of a photo, start the chord that counts them, and go on with it here."""
    answer_predictions_first()
    release_memory()
    if run_step(step_id, _with_models(_segment), photo_faults=(VisionError,)):
        _detect_segmented(step_id)


@shared_task(name="process_image")
def process_image(task_id: int | str | UUID) -> None:
    """The same for a picture without inventory: it has no place and books no stock.

    `task_id`: the step's id, or the UUID of the job (contract, `POST /analyze`). For one that no row has there is
    nothing to do.
    """
    step_id = task_id if isinstance(task_id, int) else first_step_of(str(task_id))
    if step_id is None:
        logger.warning("There is no job %s to be counted.", task_id)
        return
    process_photo_ml(step_id)


@shared_task(name="detect_sahi")
def detect_sahi(step_id: int) -> dict[str, object]:
    """Find the plants of a segment, in tiles that overlap by the largest plant.

    With `COUNT_ENGINE=sahi`, SAHI slices the whole picture instead.
    """
    return _detect_step(step_id)


@shared_task(name="detect_direct")
def detect_direct(step_id: int) -> dict[str, object]:
    """Find the plants of some boxes or trays: each in one tile that holds all of it, where plants stay large enough.

    Nothing is cut by that tile, so nothing is merged. One that is too large for it is sliced as a segment is.
    """
    return _detect_step(step_id)


@shared_task(name="aggregate_results")
def aggregate_results(step_id: int) -> None:
    """Estimate hidden plants, sum up, book the stock, then have the drawing made."""
    run_step(step_id, _aggregate, photo_faults=(VisionError,))


@shared_task(name="detect_probe", ignore_result=True)
def detect_probe() -> None:
    """Try the models while their circuit breaker is open: sent by `sweep_alerts` when a probe is due."""
    try:
        probe_models()
    except TemporaryError as error:
        logger.info("The models were tried: %s", error)


def _with_models(work: Callable[[Claim], None]) -> Callable[[Claim], None]:
    """A step's work behind the circuit breaker of the models."""

    def guarded(claim: Claim) -> None:
        with model_guard():
            work(claim)

    return guarded


def _segment(claim: Claim) -> None:
    step = _step(claim)
    mark_started(step.own_session, Stage.SEGMENTING)
    engine = load_engine(settings.COUNT_ENGINE)  # before a photo is decoded in vain
    started = time.perf_counter()
    image = load_original(step.image)
    decoded = time.perf_counter()
    options = count_options(engine)
    detector = cached_detector(step.image, engine, options)
    with shared_pyramid(image), prefetch_coarse_probes(image, tile_detector(detector)):
        containers = segment(image, engine.segmenter, detector, options)
    ended = time.perf_counter()
    session = save_containers(
        claim,
        [found_container(found) for found in containers],
        model_version=model_registry.register(engine, "segmentation"),
        warnings=container_warnings(containers),
        seconds={"decode": round(decoded - started, 3), "segment": round(ended - decoded, 3)},
    )
    queue.send_detection(session)


def _detect_segmented(step_id: int) -> None:
    """Detect in the photo that was just segmented, while its pixels and probes are in memory, before the next message.

    The chord's messages lie behind the photos of a whole walk: none would be counted before all are segmented, and each
    be fetched, decoded and probed twice. They find what is done here done, and do the rest if this worker dies. Where
    the engine batches the steps of several photos, it goes on only while a full batch waits.
    """
    session_id = ProcessingStep.objects.values_list("session", flat=True).get(pk=step_id)
    waiting = ProcessingStep.objects.detecting().filter(status=StepStatus.PENDING)
    own = list(waiting.filter(session=session_id).order_by("pk").values_list("pk", flat=True))
    if not own or session_id is None:
        return  # it was put back, or failed
    engine = load_engine(settings.COUNT_ENGINE)
    at_once = max_batched_steps(engine, engine.tile_detector(count_options(engine)))
    for detection_id in own:
        if waiting[:at_once].count() < at_once:
            return
        _detect_step(detection_id)
    queue.send_aggregation(session_id)  # the chord's callback waits for all its messages


def _detect_step(step_id: int) -> dict[str, object]:
    """Run a detection; a fault comes back as a marked record, so that the chord goes on with the others."""
    answer_predictions_first()
    try:
        done = run_step(step_id, _with_models(_detect), photo_faults=(VisionError,))
    except Exception:
        logger.exception("Detection step %s ended with a fault of ours.", step_id)
        return {"step": step_id, "failed": True}
    return {"step": step_id, "done": done}


def _detect(claim: Claim) -> None:
    for saved in detect_steps(claim, load_engine(settings.COUNT_ENGINE)):
        # A step sent again is outside its chord, and the chord of one that was batched may wait for the whole batch.
        if saved.is_batched or saved.claim.attempt > 1:
            queue.send_aggregation(saved.session_id)


def _aggregate(claim: Claim) -> None:
    step = _step(claim)
    session = step.own_session
    mark_started(session, Stage.ESTIMATING)
    started = time.perf_counter()
    image = load_original(step.image)
    if step.image.with_inventory:
        note_labels(claim, read_qr_codes(image))  # first: what grows at the place bears on the estimate
        session.refresh_from_db()
    containers = containers_found(session)
    rows = detected_rows(session)
    result = aggregate(
        image,
        containers,
        rows.detected,
        estimate_options(),
        place_priors(session),
        model_registry.calibration_of(session),
    )
    if step.image.with_inventory:
        mark_started(session, Stage.BOOKING)  # before the transaction that books: in it nobody would see this
    photo, positions = result.count, sorted(rows.detected)
    is_whole = len(positions) == len(containers)
    session = save_count(
        claim,
        CountedPhoto(
            containers=[
                counted_container(position, count)
                for position, count in zip(positions, photo.containers, strict=True)
            ],
            avg_confidence=photo.mean_confidence if photo.detected else None,
            category_counts=photo.category_counts,
            sizes=sizes_of(photo.containers, shape_of(image)),
            removed_ids=rows.ids_of(result.removed),
            # Of containers that failed nothing is known, so nothing can be said about the photo's total.
            interval=photo.interval if is_whole else None,
            reasons=photo.reasons if is_whole else (),
            warnings=photo.warnings,
            seconds={"estimate": round(time.perf_counter() - started, 3)},
        ),
    )
    queue.send_steps(session.steps.unfinished().select_related("image"))


def _step(claim: Claim) -> ProcessingStep:
    return ProcessingStep.objects.select_related("image", "session__image").get(pk=claim.step_id)
