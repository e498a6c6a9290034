"""Detection steps done together: several photos at once, their tiles in common batches.

A GPU is idle while a photo is decoded and its tiles are cut, and half idle with the few tiles of one photo. So a
detection task also claims steps that wait, and batches their tiles. Who calls the network is all that this changes: the
detect stage, its options and the minimum score are those of a step done alone.
"""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings

from demeter.middleware import caused_by
from mlpipeline.detectors.caching_detector import ProbeCache
from mlpipeline.detectors.dynamic_batching import BatchingDetector
from mlpipeline.detectors.engines import Engine
from mlpipeline.services.count_settings import count_options
from mlpipeline.services.detection_step import (
    DetectionOutput,
    DetectionWork,
    detect_step,
    load_work,
    run_detection,
    save_output,
)
from mlpipeline.services.image_cache import load_original
from mlpipeline.services.model_breaker import batch_faults_noted
from mlpipeline.services.tile_progress import EVERY_S, TileProgressBuffer
from mlpipeline.vision.arrays import Image as RgbArray
from mlpipeline.vision.errors import VisionError
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.protocols import Detector, Progress
from photos.services.execution.step_runner import ending_of
from photos.services.steps.claims import Claim, claim_batch, hold_lease

logger = logging.getLogger(__name__)

MAX_GPU_STEPS: Final = 8  # a photo of 12 megapixels takes 36 MB of memory, and eight keep large batches full
READER_THREADS: Final = 2  # they decode the photos to come


@dataclass(frozen=True)
class SavedStep:
    """A detection step that was done and saved. is_batched: with others, so perhaps by another task than its own."""

    claim: Claim
    session_id: int
    is_batched: bool


def max_batched_steps(engine: Engine, detector: Detector | None) -> int:
    """How many detection steps a worker with this engine works on together; 1: each alone."""
    if detector is None:
        return 1
    return settings.DETECTION_BATCH_SIZE or (MAX_GPU_STEPS if engine.prefers_batches else 1)


def detect_steps(claim: Claim, engine: Engine) -> Iterator[SavedStep]:
    """Do a claimed detection step; where the engine takes large batches, with others that wait.

    Yields each step as soon as it is saved. Raises what is wrong with the claimed step, when the others have ended;
    what is wrong with those ends them, and is logged.
    """
    options = count_options(engine)
    detector = engine.tile_detector(options)
    others = claim_batch(claim, at_most=max_batched_steps(engine, detector) - 1)
    if others and detector is not None:
        yield from DetectionBatch([claim, *others], engine, detector, options).run()
    else:
        work = detect_step(claim, engine)
        yield SavedStep(claim, work.session_id, is_batched=False)


class DetectionBatch:
    """Claimed steps that are done together. The first is its task's own, which holds its lease and ends it badly.

    Each step has a thread that runs its detect stage; reader threads decode ahead while the model runs. Only the thread
    that calls `run` touches rows: it saves a step's output as soon as that is there, under the step's own claim.
    """

    def __init__(
        self, claims: Sequence[Claim], engine: Engine, detector: Detector, options: CountOptions
    ) -> None:
        self._own, self._others = claims[0], claims[1:]
        self._engine = engine
        self._options = options
        self.detector = BatchingDetector(detector, options.batch_tiles)
        self._board = TileProgressBuffer()
        self._running: dict[Future[DetectionOutput], DetectionWork] = {}
        self._own_error: Exception | None = None

    def run(self) -> Iterator[SavedStep]:
        """Do all steps, yielding each that is saved. Raises the error of the first one, when the others have ended."""
        steps = [self._own, *self._others]
        with (
            ExitStack() as leases,
            ThreadPoolExecutor(READER_THREADS, "reader") as readers,
            ThreadPoolExecutor(len(steps), "photo") as photos,
        ):
            for claim in self._others:
                leases.enter_context(hold_lease(claim))
            self._begin_all(steps, readers, photos)
            while self._running:
                ended, _ = wait(self._running, timeout=EVERY_S, return_when=FIRST_COMPLETED)
                for job in ended:
                    yield from self._save(self._running.pop(job), job)
                for work in self._running.values():
                    with self._ending(work.claim):
                        self._board.write(work.claim, work.session_id)
        if self._own_error is not None:
            raise self._own_error

    def _begin_all(
        self, steps: Sequence[Claim], readers: ThreadPoolExecutor, photos: ThreadPoolExecutor
    ) -> None:
        pictures: dict[UUID, Future[RgbArray]] = {}  # several steps share one photo: it is decoded once
        for claim in steps:
            with self._ending(claim):
                work = load_work(claim)
                picture = pictures.get(work.image.pk) or readers.submit(load_original, work.image)
                pictures[work.image.pk] = picture
                self._running[photos.submit(self._detect, work, picture, self._board.reporter(claim))] = work

    def _detect(self, work: DetectionWork, picture: Future[RgbArray], progress: Progress) -> DetectionOutput:
        """In a thread of its own: no rows here."""
        image = picture.result()
        # A memory of the step's own: threads that shared one would wait for its lock while batches wait for them.
        detector = ProbeCache(self.detector)
        with self.detector.participate():
            return run_detection(work, image, detector, self._options, progress, self._engine.rescorer)

    def _save(self, work: DetectionWork, job: Future[DetectionOutput]) -> list[SavedStep]:
        """Save the output of a job that has ended; nothing is returned where its step ended badly."""
        saved = []
        with self._ending(work.claim):
            output = job.result()
            self._board.write(work.claim, work.session_id)
            save_output(work, output, self._engine)
            saved.append(SavedStep(work.claim, work.session_id, is_batched=True))
        return saved

    @contextmanager
    def _ending(self, claim: Claim) -> Iterator[None]:
        """Keep a fault of one step from the others."""
        try:
            if claim is self._own:
                yield
            else:
                with caused_by(claim.request_id), ending_of(claim, (VisionError,)), batch_faults_noted():
                    yield
        except Exception as error:
            if claim is self._own:
                self._own_error = error
            else:
                logger.exception("Detection step %s ended with a fault of ours.", claim.step_id)
