"""A batch is counted photo by photo, so that early ones are answered early and each is decoded once."""

from typing import Any

import numpy as np
import pytest
from celery import current_app

from mlpipeline.services import image_cache
from mlpipeline.tasks import counting_steps
from mlpipeline.vision.results import Container
from photos.choices import StepKind, StepStatus
from photos.models import ProcessingSession
from photos.services.results.session_lifecycle import open_session
from tests.mlpipeline.services.test_batched_detection import (
    HEIGHT,
    WIDTH,
    TruthEngine,
    png,
    put_original,
)
from tests.mlpipeline.vision.fake_detectors import TruthSegmenter
from tests.photos.count_builders import store_photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def engine(monkeypatch) -> TruthEngine:
    """Finds two beds, which are detected in a step each."""
    halves = [np.array([[x, 10.0], [x + 220, 10.0], [x + 220, 350.0], [x, 350.0]]) for x in (10.0, 245.0)]
    beds = [Container("segment", half, 0.9) for half in halves]
    engine = TruthEngine(prefers_batches=False, segmenter=TruthSegmenter(beds))
    monkeypatch.setattr(counting_steps, "load_engine", lambda _name: engine)
    return engine


@pytest.fixture
def decoded(monkeypatch) -> list[Any]:
    """The files that were decoded."""
    files: list[Any] = []
    read = image_cache.read_rgb_apart
    monkeypatch.setattr(image_cache, "read_rgb_apart", lambda path: files.append(path) or read(path))
    monkeypatch.setattr(image_cache, "_last", {})
    return files


@pytest.fixture
def sent(monkeypatch) -> list[tuple[str, int]]:
    """The messages to single steps: name of the task and id of the step."""
    messages: list[tuple[str, int]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args, **_: messages.append((name, args[0])))
    return messages


@pytest.fixture
def walk(worker) -> list[ProcessingSession]:
    """Two photos that wait to be counted."""
    sessions = []
    for _ in range(2):
        image = store_photo(worker, width_px=WIDTH, height_px=HEIGHT, with_inventory=False)
        put_original(image, png())
        sessions.append(open_session(image=image, user=worker))
    return sessions


def segment(session: ProcessingSession) -> None:
    counting_steps.process_photo_ml(session.steps.get(kind=StepKind.SEGMENT).pk)


def statuses(session: ProcessingSession) -> list[str]:
    return list(session.steps.detecting().order_by("pk").values_list("status", flat=True))


def test_a_photo_is_counted_before_the_next_is_begun_and_decoded_once(
    engine, walk, decoded, sent, django_capture_on_commit_callbacks
):
    first, second = walk
    with django_capture_on_commit_callbacks(execute=True):
        segment(first)
    assert len(statuses(first)) == 2
    assert set(statuses(first)) == {StepStatus.DONE}
    assert len(decoded) == 1
    assert sent[-1] == ("aggregate_results", first.steps.get(kind=StepKind.AGGREGATE).pk)
    assert second.steps.get(kind=StepKind.SEGMENT).status == StepStatus.PENDING


def test_the_messages_of_the_chord_then_find_nothing_to_do(engine, walk):
    segment(walk[0])
    for step in walk[0].steps.detecting():
        assert counting_steps.detect_sahi(step.pk) == {"step": step.pk, "done": False}


def test_a_photo_whose_segmentation_is_done_is_left_to_the_chord(engine, walk):
    """Its message comes again after its worker has died in a detection."""
    segment(walk[0])
    walk[0].steps.detecting().update(status=StepStatus.PENDING)
    segment(walk[0])
    assert set(statuses(walk[0])) == {StepStatus.PENDING}


def test_where_steps_are_batched_they_wait_for_a_full_batch(engine, walk, settings):
    settings.DETECTION_BATCH_SIZE = 3
    first, second = walk
    segment(first)
    assert statuses(first) == [StepStatus.PENDING] * 2
    segment(second)
    assert statuses(first) == [StepStatus.DONE] * 2
    assert statuses(second) == [StepStatus.DONE, StepStatus.PENDING]
