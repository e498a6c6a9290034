"""Detection steps that are done together: common batches, and each step's own rows, claim and end."""

import hashlib
import io
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from PIL import Image as Picture

from mlpipeline.detectors.caching_detector import ProbeCache
from mlpipeline.detectors.engines import Engine
from mlpipeline.detectors.manifest import Weights
from mlpipeline.services.batched_detection import (
    MAX_GPU_STEPS,
    DetectionBatch,
    detect_steps,
    max_batched_steps,
)
from mlpipeline.services.count_settings import count_options
from mlpipeline.tasks import counting_steps
from mlpipeline.vision.errors import DetectorFault, VisionError
from mlpipeline.vision.options import CountOptions
from photos import storage
from photos.choices import StepKind, StepStatus
from photos.models import Detection, ProcessingSession, ProcessingStep
from photos.services.execution.recovery import find_lost_steps
from photos.services.execution.step_runner import run_step
from photos.services.results.count_results import FoundContainer, save_containers
from photos.services.results.session_lifecycle import open_session
from photos.services.steps.claims import claim_batch, claim_step
from photos.services.steps.deadlines import RETRIES
from tests.mlpipeline.vision.count_options import OF_KIND
from tests.mlpipeline.vision.fake_detectors import TruthDetector, compass_picture
from tests.photos.count_builders import store_photo
from tests.support.waiting import reached

pytestmark = pytest.mark.django_db

WIDTH, HEIGHT = 480, 360
PLANTS = np.array([[x, y, x + 30, y + 30] for x in range(30, 430, 50) for y in range(30, 310, 50)], float)
BED = [[10.0, 10.0], [470.0, 10.0], [470.0, 350.0], [10.0, 350.0]]


@dataclass
class CountingDetector(TruthDetector):
    """The truth, and how many tiles it was asked for in each call."""

    calls: list[int] = field(default_factory=list)

    def detect(self, tiles):
        self.calls.append(len(tiles))
        return super().detect(tiles)


def weights(kind: str) -> Weights:
    return Weights(
        kind,
        f"{kind} of the test",
        "",
        kind[0] * 64,
        "",
        (),
        512,
        (16.0, 120.0),
        0.25,
        (),
        "",
        "",
        **OF_KIND[kind],
    )


@dataclass
class TruthEngine:
    """An engine for the pictures of this test."""

    prefers_batches: bool = True
    name: str = "truth"
    segmenter: Any = None
    rescorer: Any = None
    weights: tuple[Weights, ...] = (weights("segmentation"), weights("detection"))
    detector: Any = field(default_factory=lambda: CountingDetector(WIDTH, HEIGHT, PLANTS))

    def tile_detector(self, options):
        return self.detector

    def photo_detector(self, options):
        return ProbeCache(self.detector)


@pytest.fixture
def engine() -> Engine:
    return TruthEngine()


def png() -> bytes:
    buffer = io.BytesIO()
    Picture.fromarray(compass_picture(WIDTH, HEIGHT)).save(buffer, "PNG")
    return buffer.getvalue()


def put_original(image, data: bytes) -> None:
    image.sha256 = hashlib.sha256(data).hexdigest()
    image.save()
    storage.StorageService().upload_file(data, image.original_key)


@pytest.fixture
def segmented(worker):
    """A stored photo whose containers are found and whose plants are not."""

    def make(*types: str) -> ProcessingSession:
        image = store_photo(worker, width_px=WIDTH, height_px=HEIGHT, with_inventory=False)
        put_original(image, png())
        session = open_session(image=image, user=worker)
        claim = claim_step(session.steps.get(kind=StepKind.SEGMENT).pk)
        found = [FoundContainer(kind, BED, 0.9) for kind in types or ("segment",)]
        model = {"name": "test", "sha256": "0" * 64, "engine": "none"}
        return save_containers(claim, found, model_version=model, warnings=[], seconds={})

    return make


def first_step(session) -> ProcessingStep:
    return session.steps.detecting().first()


def run(session, engine) -> bool:
    return run_step(
        first_step(session).pk, lambda claim: [*detect_steps(claim, engine)], photo_faults=(VisionError,)
    )


def batch_of(claims, engine) -> DetectionBatch:
    return DetectionBatch(claims, engine, engine.detector, count_options(engine))


def expire(*sessions) -> None:
    """As if the workers that hold the detections had fallen silent."""
    past = timezone.now() - timedelta(seconds=1)
    ProcessingStep.objects.filter(session__in=sessions).detecting().update(lease_expires_at=past)


def statuses(*sessions) -> list[str]:
    return [step.status for session in sessions for step in session.steps.detecting()]


def found_in(session) -> int:
    return Detection.objects.filter(session=session).count()


def test_one_task_does_the_waiting_steps_of_its_kind(segmented, engine):
    sessions = [segmented() for _ in range(4)]
    assert run(sessions[0], engine)
    assert statuses(*sessions) == [StepStatus.DONE] * 4
    assert [found_in(session) for session in sessions] == [len(PLANTS)] * 4
    assert [session.containers.get().is_counted for session in sessions] == [True] * 4


def test_the_tiles_of_all_photos_go_through_the_model_in_common_batches(segmented):
    """The model begins with the photo that is decoded first; the others join and then keep step."""
    alone = TruthEngine(prefers_batches=False)
    run(segmented(), alone)

    @dataclass
    class Patient(CountingDetector):
        def detect(self, tiles):
            assert reached(lambda: self.calls or batch.detector._participants == 4, within_s=60)
            return super().detect(tiles)

    patient = Patient(WIDTH, HEIGHT, PLANTS)
    own, *others = [claim_step(first_step(segmented()).pk) for _ in range(4)]
    batch = batch_of([own, *others], TruthEngine(detector=patient))
    assert len([*batch.run()]) == 4
    assert sum(patient.calls) == 4 * sum(alone.detector.calls)
    assert len(alone.detector.calls) <= len(patient.calls) <= len(alone.detector.calls) + 1


def test_what_is_found_together_is_what_is_found_alone(segmented, engine):
    together, alone = segmented(), segmented()
    columns = ("center_x", "center_y", "width_px", "height_px", "confidence", "class_name")
    run(alone, TruthEngine(prefers_batches=False))
    segmented()
    run(together, engine)
    rows = [
        set(Detection.objects.filter(session=session).values_list(*columns)) for session in (together, alone)
    ]
    assert len(rows[0]) == len(PLANTS)
    assert rows[0] == rows[1]


def test_the_message_of_a_step_that_was_batched_finds_nothing_to_do(segmented, engine):
    first, second = segmented(), segmented()
    run(first, engine)
    assert run(second, engine) is False
    assert found_in(second) == len(PLANTS)
    assert first_step(second).attempt == 1


def test_an_engine_for_single_photos_leaves_the_others_to_their_own_messages(segmented):
    first, second = segmented(), segmented()
    run(first, TruthEngine(prefers_batches=False))
    assert statuses(first, second) == [StepStatus.DONE, StepStatus.PENDING]


@pytest.mark.parametrize(
    ("setting", "prefers", "expected"),
    [
        pytest.param(0, False, 1, id="a CPU"),
        pytest.param(0, True, MAX_GPU_STEPS, id="a GPU"),
        pytest.param(3, False, 3, id="as set"),
        pytest.param(1, True, 1, id="switched off"),
    ],
)
def test_how_many_steps_are_taken_up_at_once_is_a_setting(settings, setting, prefers, expected):
    settings.DETECTION_BATCH_SIZE = setting
    engine = TruthEngine(prefers_batches=prefers)
    assert max_batched_steps(engine, engine.detector) == expected
    assert max_batched_steps(engine, None) == 1


def test_no_more_steps_are_taken_up_than_the_setting_says(settings, segmented, engine):
    settings.DETECTION_BATCH_SIZE = 2
    sessions = [segmented() for _ in range(3)]
    run(sessions[0], engine)
    assert statuses(*sessions) == [StepStatus.DONE, StepStatus.DONE, StepStatus.PENDING]


def test_steps_of_another_kind_are_left_alone(segmented, engine):
    boxes, segments = segmented("box"), segmented("segment")
    run(boxes, engine)
    assert statuses(boxes, segments) == [StepStatus.DONE, StepStatus.PENDING]


def test_two_steps_of_one_photo_find_its_plants_once(segmented, engine):
    session = segmented("segment", *["box"] * 7)  # two steps for the boxes
    run_step(
        session.steps.filter(kind=StepKind.DETECT_DIRECT)[0].pk, lambda claim: [*detect_steps(claim, engine)]
    )
    direct = session.steps.filter(kind=StepKind.DETECT_DIRECT)
    assert [step.status for step in direct] == [StepStatus.DONE] * 2
    assert session.containers.filter(is_counted=True).count() == 7


def test_a_broken_photo_ends_its_own_step_alone(segmented, engine):
    sessions = [segmented() for _ in range(3)]
    put_original(sessions[1].image, png()[:200])
    run(sessions[0], engine)
    assert statuses(*sessions) == [StepStatus.DONE, StepStatus.FAILED, StepStatus.DONE]
    assert first_step(sessions[1]).error_code == "unreadable_image"
    assert found_in(sessions[2]) == len(PLANTS)


def test_a_broken_photo_of_its_own_does_not_keep_the_task_from_the_others(segmented, engine):
    sessions = [segmented() for _ in range(3)]
    put_original(sessions[0].image, png()[:200])
    run(sessions[0], engine)
    assert statuses(*sessions) == [StepStatus.FAILED, StepStatus.DONE, StepStatus.DONE]
    assert first_step(sessions[0]).error_code == "unreadable_image"


def test_a_detector_that_breaks_down_is_tried_again_and_then_ends_the_counts_as_a_fault_of_ours(segmented):
    @dataclass
    class Broken(CountingDetector):
        def detect(self, tiles):
            raise DetectorFault("out of order")

    sessions = [segmented() for _ in range(2)]
    engine = TruthEngine(detector=Broken(WIDTH, HEIGHT, PLANTS))
    with pytest.raises(DetectorFault):
        run(sessions[0], engine)
    assert statuses(*sessions) == [StepStatus.PENDING] * 2  # nothing of the picture is at fault
    for _ in range(RETRIES[StepKind.DETECT_SLICED]):
        ProcessingStep.objects.filter(session=sessions[0]).detecting().update(not_before=None)
        with pytest.raises(DetectorFault):
            run(sessions[0], engine)
    assert statuses(sessions[0]) == [StepStatus.FAILED]
    sessions[0].refresh_from_db()
    assert sessions[0].status == "failed"
    assert sessions[0].error_code == "internal_error"
    assert "out of order" not in sessions[0].error_message


def test_a_fault_of_ours_in_one_step_is_logged_and_uses_up_a_try_of_that_one(segmented, engine, caplog):
    first, second = segmented(), segmented()
    ProcessingStep.objects.filter(pk=first_step(second).pk).update(container_positions=["first"])
    run(first, engine)
    assert statuses(first, second) == [StepStatus.DONE, StepStatus.PENDING]
    assert first_step(second).failures == 1
    assert f"Detection step {first_step(second).pk} ended with a fault of ours." in caplog.text


def test_a_step_that_another_worker_has_taken_over_is_left_to_that_one(segmented, engine):
    first, second = segmented(), segmented()
    own = claim_step(first_step(first).pk)
    others = claim_batch(own, at_most=5)
    expire(second)
    quick = claim_step(first_step(second).pk)
    assert [saved.claim for saved in batch_of([own, *others], engine).run()] == [own]
    assert (quick.attempt, statuses(first, second)) == (2, [StepStatus.DONE, StepStatus.RUNNING])
    assert (found_in(first), found_in(second)) == (len(PLANTS), 0)


def test_what_a_killed_worker_had_taken_up_is_found_by_the_sweep_and_done_one_by_one(segmented, engine):
    sessions = [segmented() for _ in range(3)]
    own = claim_step(first_step(sessions[0]).pk)
    claim_batch(own, at_most=5)  # and here its worker is killed
    expire(*sessions)
    again = find_lost_steps(lambda name: False)
    assert {step.pk for step in again} >= {first_step(session).pk for session in sessions}
    ProcessingStep.objects.filter(pk=first_step(sessions[2]).pk).update(status=StepStatus.PENDING, losses=1)
    fresh = segmented()
    run(fresh, engine)  # takes none of them up: one of their pictures may have killed the worker
    assert statuses(*sessions) == [StepStatus.RUNNING, StepStatus.RUNNING, StepStatus.PENDING]
    lonely = segmented()
    for session in sessions:
        run(session, engine)
    assert statuses(*sessions, fresh, lonely) == [StepStatus.DONE] * 4 + [StepStatus.PENDING]
    assert [found_in(session) for session in sessions] == [len(PLANTS)] * 3


def test_the_summing_up_of_each_photo_is_sent_as_soon_as_its_detections_have_ended(
    segmented, engine, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(counting_steps, "load_engine", lambda name: engine)
    sessions = [segmented("segment"), segmented("segment", "box")]
    with django_capture_on_commit_callbacks(execute=True):
        counting_steps.detect_sahi(first_step(sessions[0]).pk)
    sums = [session.steps.get(kind=StepKind.AGGREGATE) for session in sessions]
    assert sums[0].sent_at is not None
    assert sums[1].sent_at is None  # its boxes are still to be looked into


def test_the_summing_up_of_a_step_done_alone_is_left_to_its_chord_unless_the_step_was_sent_again(
    segmented, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(counting_steps, "load_engine", lambda name: TruthEngine(prefers_batches=False))
    first, again = segmented(), segmented()
    claim_step(first_step(again).pk)
    expire(again)
    with django_capture_on_commit_callbacks(execute=True):
        for session in (first, again):
            counting_steps.detect_sahi(first_step(session).pk)
    sums = [session.steps.get(kind=StepKind.AGGREGATE) for session in (first, again)]
    assert [step.sent_at is not None for step in sums] == [False, True]


def test_each_step_is_handed_on_as_soon_as_it_is_saved(segmented, engine):
    """The task need not wait for the slowest photo of a batch."""
    sessions = [segmented() for _ in range(3)]
    seen = []

    def work(claim):
        for saved in detect_steps(claim, engine):
            session = ProcessingSession.objects.get(pk=saved.session_id)
            seen.append((saved.session_id, saved.is_batched, statuses(session)))

    run_step(first_step(sessions[0]).pk, work)
    assert sorted(seen) == [(session.pk, True, [StepStatus.DONE]) for session in sessions]


def test_batches_ask_the_engine_for_the_very_options_of_a_step_done_alone(segmented):
    @dataclass
    class Asked(TruthEngine):
        asked: list[CountOptions] = field(default_factory=list)

        def tile_detector(self, options):
            self.asked.append(options)
            return super().tile_detector(options)

        def photo_detector(self, options):
            self.asked.append(options)
            return super().photo_detector(options)

    batching, alone = Asked(), Asked(prefers_batches=False)
    run(segmented(), alone)
    sessions = [segmented() for _ in range(2)]
    run(sessions[0], batching)
    assert statuses(*sessions) == [StepStatus.DONE] * 2
    floors = {options.confidence for options in [*batching.asked, *alone.asked]}
    assert floors == {weights("detection").confidence}


def test_the_tiles_of_every_step_are_told(segmented, engine):
    sessions = [segmented() for _ in range(2)]
    run(sessions[0], engine)
    told = [(step.tiles_done, step.tiles_total) for step in map(first_step, sessions)]
    assert told[0] == told[1]
    assert told[0][0] == told[0][1] > 0
