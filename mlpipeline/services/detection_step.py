"""A detection step: its rows loaded, the detect stage run on some containers of a photo, what it found saved."""

import time
from dataclasses import dataclass

from mlpipeline.classifier.services.plant_recognition import PlantAnswers, recognise_plants, recognition_of
from mlpipeline.detectors.engines import Engine
from mlpipeline.services import model_registry
from mlpipeline.services.count_settings import count_options
from mlpipeline.services.detector_cache import cached_detector
from mlpipeline.services.image_cache import load_original
from mlpipeline.services.row_mapping import containers_found, found_plants
from mlpipeline.services.tile_progress import TileReporter
from mlpipeline.vision.arrays import Image as RgbArray
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.pipeline import detect
from mlpipeline.vision.protocols import Detector, ImageDetector, Progress, Rescorer
from mlpipeline.vision.results import Container, Detections
from photos.models import Image, ProcessingStep
from photos.services.results.count_results import save_detections
from photos.services.steps.claims import Claim


@dataclass(frozen=True)
class DetectionWork:
    """What a detection step's rows name: the containers of a photo to run the detector on."""

    claim: Claim
    session_id: int
    image: Image
    containers: list[Container]
    positions: list[int]


@dataclass(frozen=True)
class DetectionOutput:
    """What was detected, by the position of the container, in how many seconds, and what some plants look like."""

    detected: dict[int, Detections]
    seconds: float
    recognised: PlantAnswers | None = None


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


def run_detection(
    work: DetectionWork,
    image: RgbArray,
    detector: Detector | ImageDetector,
    options: CountOptions,
    progress: Progress,
    rescorer: Rescorer | None = None,
) -> DetectionOutput:
    """The detect stage on a step's containers. Reads and writes no rows, so it may run in any thread."""
    started = time.perf_counter()
    detected = detect(image, work.containers, work.positions, detector, options, progress, rescorer)
    seconds = round(time.perf_counter() - started, 3)
    return DetectionOutput(detected, seconds, recognise_plants(image, detected))


def save_output(work: DetectionWork, output: DetectionOutput, engine: Engine) -> None:
    """Write what a step has detected, under its claim. Raises StepLost if the step has moved on."""
    save_detections(
        work.claim,
        [found_plants(position, seen) for position, seen in output.detected.items()],
        model_version=model_registry.register(engine, "detection"),
        seconds=output.seconds,
        recognition=recognition_of(output.recognised) if output.recognised else None,
    )


def detect_step(claim: Claim, engine: Engine) -> DetectionWork:
    """Do one claimed step alone; returns what it was about."""
    work = load_work(claim)
    image, options = load_original(work.image), count_options(engine)
    detector = cached_detector(work.image, engine, options)
    with TileReporter(claim, work.session_id) as progress:
        output = run_detection(work, image, detector, options, progress, engine.rescorer)
    save_output(work, output, engine)
    return work
