"""Detection steps that keep each other company: several photos at once, their tiles in common batches.

A GPU is idle while a photo is decoded and its tiles are cut, and half idle with the few tiles of one photo. So a
detection task is an invitation: beside its own step it takes up others that wait.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from typing import Final
from uuid import UUID

from mlpipeline.detectors.batching import BatchingDetector
from mlpipeline.detectors.engines import Engine
from mlpipeline.services.detecting import (
    DetectionWork,
    PlantsFound,
    detect_alone,
    load_work,
    save_found,
    steps_at_once,
)
from mlpipeline.services.options import count_options
from mlpipeline.services.originals import load_original
from mlpipeline.services.progress import EVERY_S, TileBoard
from mlpipeline.vision.arrays import Image as RgbArray
from mlpipeline.vision.errors import VisionError
from mlpipeline.vision.protocols import Detector, Progress
from mlpipeline.vision.scanning import detect_in_containers
from photos import queue
from photos.services.steps import Claim, claim_company, hold_lease
from photos.services.work import ending_of

logger = logging.getLogger(__name__)

READERS: Final = 2  # threads that decode the photos to come


def detect(claim: Claim, engine: Engine) -> None:
    """Do a claimed detection step; where the engine shares batches, with others that wait.

    Raises what is wrong with the claimed step. What is wrong with the others ends those, and is logged.
    """
    others = claim_company(claim, at_most=steps_at_once(engine) - 1)
    if others and engine.tiles is not None:
        Company([claim, *others], engine, engine.tiles).run()
    else:
        detect_alone(claim, engine)


class Company:
    """Claimed steps that are done together. The first is its task's own, which holds its lease and ends it badly.

    Each photo has a thread that looks into it; reader threads decode ahead while the model runs. Only the thread that
    calls `run` touches rows: it writes what a step has found as soon as that is there, under the step's own claim.
    """

    def __init__(self, claims: Sequence[Claim], engine: Engine, tiles: Detector) -> None:
        self._own, self._others = claims[0], claims[1:]
        self._engine = engine
        self._options = count_options(engine)
        self.detector = BatchingDetector(tiles, self._options.batch_tiles)
        self._board = TileBoard()
        self._running: dict[Future[PlantsFound], DetectionWork] = {}
        self._own_error: Exception | None = None

    def run(self) -> None:
        """Do all steps. Raises the error of the first one, when the others have ended."""
        steps = [self._own, *self._others]
        with (
            ExitStack() as leases,
            ThreadPoolExecutor(READERS, "reader") as readers,
            ThreadPoolExecutor(len(steps), "photo") as photos,
        ):
            for claim in self._others:
                leases.enter_context(hold_lease(claim))
            self._begin_all(steps, readers, photos)
            while self._running:
                ended, _ = wait(self._running, timeout=EVERY_S, return_when=FIRST_COMPLETED)
                for job in ended:
                    self._finish(self._running.pop(job), job)
                for work in self._running.values():
                    with self._ending(work.claim):
                        self._board.write(work.claim, work.session_id)
        if self._own_error is not None:
            raise self._own_error

    def _begin_all(
        self, steps: Sequence[Claim], readers: ThreadPoolExecutor, photos: ThreadPoolExecutor
    ) -> None:
        pictures: dict[UUID, Future[RgbArray]] = {}  # several steps look into one photo: it is decoded once
        for claim in steps:
            with self._ending(claim):
                work = load_work(claim)
                picture = pictures.get(work.image.pk) or readers.submit(load_original, work.image)
                pictures[work.image.pk] = picture
                self._running[photos.submit(self._look, work, picture, self._board.reporter(claim))] = work

    def _look(self, work: DetectionWork, picture: Future[RgbArray], progress: Progress) -> PlantsFound:
        """In a thread of its own: no rows here."""
        image = picture.result()
        started = time.perf_counter()
        with self.detector.joined():
            plants = detect_in_containers(
                image, work.containers, work.positions, self.detector, self._options, progress
            )
        return PlantsFound(plants, round(time.perf_counter() - started, 3))

    def _finish(self, work: DetectionWork, job: Future[PlantsFound]) -> None:
        with self._ending(work.claim):
            found = job.result()
            self._board.write(work.claim, work.session_id)
            save_found(work, found, self._engine)
            queue.send_summing_up(work.session_id)  # its chord may wait for this whole company, or not at all

    @contextmanager
    def _ending(self, claim: Claim) -> Iterator[None]:
        """Keep a fault of one step from the others."""
        try:
            if claim is self._own:
                yield
            else:
                with ending_of(claim, (VisionError,)):
                    yield
        except Exception as error:
            if claim is self._own:
                self._own_error = error
            else:
                logger.exception("Detection step %s ended with a fault of ours.", claim.step_id)
