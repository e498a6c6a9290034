"""Tiles are told to the rows now and then, and nothing else hangs on that."""

from dataclasses import dataclass

import pytest
from django.db import InterfaceError, OperationalError, connection

from mlpipeline.services import tile_progress
from mlpipeline.services.tile_progress import TileProgressBuffer, TileReporter
from photos.choices import StepKind, StepStatus
from photos.errors import StepLost
from photos.models import ProcessingStep
from photos.services.results.session_lifecycle import open_session
from photos.services.steps.claims import Claim, claim_step
from tests.photos.count_builders import store_photo

pytestmark = pytest.mark.django_db


@dataclass
class Held:
    """A claimed step."""

    claim: Claim
    session_id: int

    @property
    def step(self) -> ProcessingStep:
        return ProcessingStep.objects.get(pk=self.claim.step_id)


@pytest.fixture
def held(worker) -> Held:
    session = open_session(image=store_photo(worker), user=worker)
    claim = claim_step(session.steps.get(kind=StepKind.SEGMENT).pk)
    assert claim is not None
    return Held(claim, session.pk)


@pytest.fixture(params=[OperationalError("gone"), InterfaceError("closed")], ids=["gone", "closed"])
def database_away(request, monkeypatch):
    """The first report of tiles meets a database that is away."""
    errors = [request.param]
    report = tile_progress.report_tiles

    def report_once_back(claim, **tiles):
        if errors:
            raise errors.pop()
        return report(claim, **tiles)

    monkeypatch.setattr(tile_progress, "report_tiles", report_once_back)
    monkeypatch.setattr(connection, "close", lambda: None)  # this test's transaction lives in it


@pytest.mark.usefixtures("database_away")
def test_a_detection_goes_on_while_the_database_is_away(held, caplog):
    with TileReporter(held.claim, held.session_id) as tell:
        tell(1, 4)
        assert (held.step.tiles_done, held.step.tiles_total) == (0, 0)
        tell(4, 4)
    assert (held.step.tiles_done, held.step.tiles_total) == (4, 4)
    assert "could not be told" in caplog.text


@pytest.mark.usefixtures("database_away")
def test_so_does_one_that_is_done_with_others(held, caplog):
    board = TileProgressBuffer()
    tell = board.reporter(held.claim)
    for done in (1, 4):
        tell(done, 4)
        board.write(held.claim, held.session_id)
    assert (held.step.tiles_done, held.step.tiles_total) == (4, 4)
    assert "could not be told" in caplog.text


def test_a_step_that_has_gone_on_ends_the_work(held):
    ProcessingStep.objects.filter(pk=held.claim.step_id).update(status=StepStatus.PENDING)
    with pytest.raises(StepLost), TileReporter(held.claim, held.session_id) as tell:
        tell(1, 4)
    board = TileProgressBuffer()
    tell_board = board.reporter(held.claim)
    tell_board(1, 4)
    board.write(held.claim, held.session_id)
    with pytest.raises(StepLost):
        tell_board(2, 4)
