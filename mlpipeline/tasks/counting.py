"""The tasks that count: each loads rows, makes one pure call, and hands the frozen result to photos' services.

A task's argument is the id of its step (photos.models.ProcessingStep). The row decides whether there is anything to
do, so each may be delivered twice, late or never.
"""

import logging
import time

from celery import shared_task
from django.conf import settings

from mlpipeline.detectors.engines import load_engine
from mlpipeline.detectors.remembering import glancing_ahead
from mlpipeline.services import company, priors, versions
from mlpipeline.services.conversion import (
    containers_found,
    counted_container,
    seen_plants,
    sizes_of,
)
from mlpipeline.services.glances import eyes_for
from mlpipeline.services.options import count_options, estimate_options
from mlpipeline.services.originals import load_original
from mlpipeline.vision.arrays import shape_of
from mlpipeline.vision.capacity import within_capacity
from mlpipeline.vision.errors import VisionError
from mlpipeline.vision.pipeline import estimate_container, find_containers, judge
from mlpipeline.vision.results import PhotoCount, unite_warnings
from mlpipeline.vision.shrinking import shared_halves
from photos import queue
from photos.choices import ContainerType, Stage
from photos.models import ProcessingStep
from photos.services.plausibility import units_of
from photos.services.results import CountedPhoto, FoundContainer, save_containers, save_count
from photos.services.sessions import begin
from photos.services.steps import Claim
from photos.services.work import run_step

logger = logging.getLogger(__name__)


@shared_task(name="process_photo_ml")
def process_photo_ml(step_id: int) -> None:
    """Find the containers of a photo, then start the chord that counts them."""
    run_step(step_id, _segment, photo_faults=(VisionError,))


@shared_task(name="process_image")
def process_image(step_id: int) -> None:
    """The same for a picture without inventory: it has no place and books no stock."""
    run_step(step_id, _segment, photo_faults=(VisionError,))


@shared_task(name="detect_sahi")
def detect_sahi(step_id: int) -> dict[str, object]:
    """Find the plants of a segment, tile by tile."""
    return _detect_step(step_id)


@shared_task(name="detect_direct")
def detect_direct(step_id: int) -> dict[str, object]:
    """Find the plants of some boxes or trays."""
    return _detect_step(step_id)


@shared_task(name="aggregate_results")
def aggregate_results(step_id: int) -> None:
    """Estimate hidden plants, sum up, book the stock, then have the drawing made."""
    run_step(step_id, _aggregate, photo_faults=(VisionError,))


def _segment(claim: Claim) -> None:
    step = _step(claim)
    begin(step.own_session, Stage.SEGMENTING)
    started = time.perf_counter()
    image = load_original(step.image)
    decoded = time.perf_counter()
    engine = load_engine(settings.COUNT_ENGINE)
    options = count_options(engine)
    eyes = eyes_for(step.image, engine, options)
    with shared_halves(image), glancing_ahead(image, eyes):
        containers, warnings = find_containers(image, engine.segmenter, options, eyes)
    ended = time.perf_counter()
    session = save_containers(
        claim,
        [FoundContainer(c.type, c.polygon.round(1).tolist(), float(c.score)) for c in containers],
        model_version=versions.register(engine, "segmentation"),
        warnings=warnings,
        seconds={"decode": round(decoded - started, 3), "segment": round(ended - decoded, 3)},
    )
    queue.send_detection(session)


def _detect_step(step_id: int) -> dict[str, object]:
    """Run a detection; a fault comes back as a marked record, so that the chord goes on with the others."""
    try:
        done = run_step(step_id, _detect, photo_faults=(VisionError,))
    except Exception:
        logger.exception("Detection step %s ended with a fault of ours.", step_id)
        return {"step": step_id, "failed": True}
    return {"step": step_id, "done": done}


def _detect(claim: Claim) -> None:
    company.detect(claim, load_engine(settings.COUNT_ENGINE))


def _aggregate(claim: Claim) -> None:
    step = _step(claim)
    session = step.own_session
    begin(session, Stage.ESTIMATING)
    started = time.perf_counter()
    image = load_original(step.image)
    containers = containers_found(session)
    options = estimate_options()
    plants = seen_plants(session, options.iou)
    units = {kind.value: units_of(kind, session.packaging) for kind in ContainerType}
    counted = {
        position: within_capacity(
            estimate_container(
                image,
                containers,
                position,
                seen,
                options,
                priors.density_prior(session, containers[position].type),
            ),
            units[containers[position].type],
        )
        for position, seen in plants.by_position.items()
    }
    photo = judge(
        image,
        PhotoCount(
            image.shape[1],
            image.shape[0],
            tuple(counted.values()),
            unite_warnings([tuple(session.warnings), *(count.warnings for count in counted.values())]),
            doubted=plants.doubted,
        ),
        versions.reliability_of(session),
    )
    is_whole = len(counted) == len(containers)
    session = save_count(
        claim,
        CountedPhoto(
            containers=[counted_container(position, count) for position, count in counted.items()],
            avg_confidence=photo.mean_confidence if photo.detected else None,
            category_counts=photo.category_counts,
            sizes=sizes_of(photo.containers, shape_of(image)),
            left_out=plants.left_out,
            # Of containers that failed nothing is known, so nothing can be said about the photo's total.
            interval=photo.interval if is_whole else None,
            reasons=photo.reasons if is_whole else (),
            # What the row said already is not said again: a person may have answered it meanwhile.
            warnings=[warning for warning in photo.warnings if warning not in session.warnings],
            seconds={"estimate": round(time.perf_counter() - started, 3)},
        ),
    )
    queue.send_steps(session.steps.unfinished().select_related("image"))


def _step(claim: Claim) -> ProcessingStep:
    return ProcessingStep.objects.select_related("image", "session__image").get(pk=claim.step_id)
