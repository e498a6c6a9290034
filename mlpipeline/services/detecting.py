"""Detecting: the plants in some containers of a photo, as a step of the pipeline asks for it."""

import time
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from mlpipeline.detectors.engines import Engine
from mlpipeline.services import versions
from mlpipeline.services.conversion import containers_found, found_plants
from mlpipeline.services.glances import eyes_for
from mlpipeline.services.options import count_options
from mlpipeline.services.originals import load_original
from mlpipeline.services.progress import TileReporter
from mlpipeline.vision.results import ContainerFound, Detections
from mlpipeline.vision.scanning import detect_in_containers
from photos import queue
from photos.models import Image, ProcessingStep
from photos.services.results import save_detections
from photos.services.steps import Claim

STEPS_ON_GPU: Final = 8  # a photo of 12 megapixels takes 36 MB of memory, and eight keep large batches full


@dataclass(frozen=True)
class DetectionWork:
    """What a detection step's rows ask for: which containers of a photo to look into."""

    claim: Claim
    session_id: int
    image: Image
    containers: list[ContainerFound]
    positions: list[int]


@dataclass(frozen=True)
class PlantsFound:
    """What was found, one set a position, and in how many seconds."""

    plants: list[Detections]
    seconds: float


def steps_at_once(engine: Engine) -> int:
    """How many detection steps a worker with this engine works on together; 1: each for itself."""
    if engine.tiles is None:
        return 1
    return settings.DETECT_STEPS_AT_ONCE or (STEPS_ON_GPU if engine.prefers_batches else 1)


def load_work(claim: Claim) -> DetectionWork:
    """Read a claimed step's rows."""
    step = ProcessingStep.objects.select_related("image", "session__image").get(pk=claim.step_id)
    session = step.own_session
    return DetectionWork(
        claim=claim,
        session_id=session.pk,
        image=step.image,
        containers=containers_found(session),
        positions=step.container_positions,
    )


def save_found(work: DetectionWork, found: PlantsFound, engine: Engine) -> None:
    """Write what a step has found, under its claim. Raises StepLost if the step has moved on."""
    save_detections(
        work.claim,
        [found_plants(position, seen) for position, seen in zip(work.positions, found.plants, strict=True)],
        model_version=versions.register(engine, "detection"),
        seconds=found.seconds,
    )


def detect_alone(claim: Claim, engine: Engine) -> None:
    """Do one claimed step."""
    started = time.perf_counter()
    work = load_work(claim)
    image, options = load_original(work.image), count_options(engine)
    eyes = eyes_for(work.image, engine, options)
    with TileReporter(claim, work.session_id) as progress:
        if eyes is None:
            plants = engine.detect(image, work.containers, work.positions, options, progress)
        else:
            plants = detect_in_containers(image, work.containers, work.positions, eyes, options, progress)
    save_found(work, PlantsFound(plants, round(time.perf_counter() - started, 3)), engine)
    if claim.attempt > 1:  # sent again, so its chord does not wait for it
        queue.send_summing_up(work.session_id)
