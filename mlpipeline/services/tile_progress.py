"""Reporting tiles to the step's row and to the client's job, now and then."""

import logging
import time
from types import TracebackType
from typing import Final, Self

from django.db import connection

from demeter.errors import DATABASE_AWAY
from mlpipeline.vision.protocols import Progress
from photos.errors import StepLost
from photos.services.steps import jobs
from photos.services.steps.claims import Claim, report_tiles

logger = logging.getLogger(__name__)

EVERY_S: Final = 1.0  # clients ask every two seconds; each report is two small writes


class TileReporter:
    """A progress callback that writes at most once a second, and stops work that another worker has taken over."""

    def __init__(self, claim: Claim, session_id: int) -> None:
        self._claim = claim
        self._session_id = session_id
        self._tiles = (0, 0)
        self._written_at = 0.0

    def __call__(self, done: int, total: int) -> None:
        """Note how many tiles of the step are done. Raises StepLost once another worker holds it."""
        self._tiles = (done, total)
        if time.monotonic() - self._written_at >= EVERY_S:
            self._write()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._write()

    def _write(self) -> None:
        self._written_at = time.monotonic()
        if not _is_still_held(self._claim, self._session_id, self._tiles):
            raise StepLost(f"Step {self._claim.step_id} is held by another worker.")


class TileProgressBuffer:
    """The same for steps whose tiles run in other threads: they only note, and the thread with the rows writes.

    So no thread of the models needs a connection to the database.
    """

    def __init__(self) -> None:
        self._noted: dict[Claim, tuple[int, int]] = {}
        self._written: dict[Claim, tuple[int, int]] = {}
        self._lost: set[Claim] = set()

    def reporter(self, claim: Claim) -> Progress:
        """A progress callback for one step. It raises StepLost once another worker has taken the step over."""

        def note(done: int, total: int) -> None:
            if claim in self._lost:
                raise StepLost(f"Step {claim.step_id} is held by another worker.")
            self._noted[claim] = (done, total)

        return note

    def write(self, claim: Claim, session_id: int) -> None:
        """Write what a step has noted since the last time."""
        noted = self._noted.get(claim)
        if noted is None or noted == self._written.get(claim):
            return
        self._written[claim] = noted
        if not _is_still_held(claim, session_id, noted):
            self._lost.add(claim)


def _is_still_held(claim: Claim, session_id: int, tiles: tuple[int, int]) -> bool:
    """Write (done, total) tiles of a claimed step. False if the step has moved on, and the work may stop.

    A database that is away ends no detection: it is needed again only when that is to be saved.
    """
    done, total = tiles
    try:
        if not report_tiles(claim, done=done, total=total):
            return False
        jobs.update_tile_progress(session_id)
    except DATABASE_AWAY as error:
        logger.warning("The tiles of step %s could not be told: %s", claim.step_id, error)
        connection.close()
    return True
