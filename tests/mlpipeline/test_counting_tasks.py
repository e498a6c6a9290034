"""The task that sums up a photo, run on its rows: what it says about how sure the number is."""

import hashlib
import io
from contextlib import contextmanager
from uuid import UUID

import numpy as np
import pytest
import segno
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image as Picture

from demeter.celery import app
from demeter.middleware import request_id_var
from mlpipeline import calibration_store
from mlpipeline.calibration_store import write_calibration
from mlpipeline.services import model_registry
from mlpipeline.tasks import counting_steps
from mlpipeline.tasks.counting_steps import aggregate_results, process_image
from mlpipeline.vision.uncertainty.assessment import WeightsCalibration
from mlpipeline.vision.uncertainty.conformal_interval import IntervalModel
from mlpipeline.vision.uncertainty.error_features import TERMS
from mlpipeline.vision.uncertainty.score_calibration import ScoreCalibrator
from photos import queue, storage
from photos.choices import BookingState, LocationSource, SessionStatus, Stage, StepKind, StepStatus
from photos.models import ProcessingSession, ProcessingStep, UploadJob
from photos.services.execution import step_runner
from photos.services.results.count_results import (
    FoundContainer,
    FoundPlants,
    save_containers,
    save_detections,
)
from photos.services.results.session_lifecycle import open_session
from photos.services.steps.claims import claim_step
from tests.inventory.factories import StorageLocationConfigFactory
from tests.photos.count_builders import store_photo
from tests.photos.factories import photo_file

pytestmark = pytest.mark.django_db

WIDTH, HEIGHT = 240, 160
BED = [[0.0, 0.0], [240.0, 0.0], [240.0, 160.0], [0.0, 160.0]]
PLANTS = [[x, y, x + 24, y + 24] for x in range(8, 220, 36) for y in range(8, 130, 36)]
SHA = {"segmentation": "5" * 64, "detection": "d" * 64}


def png_of(light=1.0, label=""):
    """A photo of discs on gravel, taken with this much light, with a label of this text at its edge."""
    rng = np.random.default_rng(3)
    pixels = np.repeat(rng.integers(80, 220, (HEIGHT, WIDTH, 1)), 3, axis=2)
    for x0, y0, x1, y1 in PLANTS:
        pixels[y0:y1, x0:x1] = (60, 150, 60)
    if label:
        code = np.array(list(segno.make_qr(label, error="q").matrix_iter(scale=3, border=4)), dtype=np.uint8)
        side = len(code)
        pixels[:side, WIDTH - side :] = np.where(code, 0, 255)[:, :, None]
    buffer = io.BytesIO()
    Picture.fromarray((pixels * light).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def photo_of(owner, light=1.0, label=""):
    """The same, stored."""
    content = png_of(light, label)
    sha256 = hashlib.sha256(content).hexdigest()
    image = store_photo(owner, width_px=WIDTH, height_px=HEIGHT, sha256=sha256)
    storage.StorageService().upload_file(content, image.original_key)
    return image


def claimed(step):
    claim = claim_step(step.pk)
    assert claim is not None
    return claim


def find_containers(claim, types):
    return save_containers(
        claim,
        [FoundContainer(kind, BED, 0.9) for kind in types],
        model_version={"name": "test", "sha256": SHA["segmentation"]},
        warnings=[],
        seconds={},
    )


def find_plants(claim):
    places = ProcessingStep.objects.get(pk=claim.step_id).container_positions
    save_detections(
        claim,
        [FoundPlants(place, PLANTS, [0.9] * len(PLANTS), ["plant"] * len(PLANTS)) for place in places],
        model_version={"name": "test", "sha256": SHA["detection"]},
        seconds=0.1,
    )


def summed_up(image, *, types=("segment",), failing=0):
    """Take a photo to its sum: the same plants in each container; the last `failing` detections fail."""
    session = open_session(image=image, user=image.uploaded_by)
    UploadJob.objects.create(upload_session=image.upload_session, image=image, session=session, position=0)
    find_containers(claimed(session.steps.get(kind=StepKind.SEGMENT)), types)
    steps = list(session.steps.detecting().order_by("pk"))
    for step in steps[: len(steps) - failing]:
        find_plants(claimed(step))
    session.steps.detecting().exclude(status=StepStatus.DONE).update(
        status=StepStatus.FAILED, error_code="detector_fault"
    )
    aggregate_results(session.steps.get(kind=StepKind.AGGREGATE).pk)
    session = ProcessingSession.objects.get(pk=session.pk)
    assert session.status == SessionStatus.COMPLETED, session.error_message
    return session


@pytest.fixture
def measured_weights(tmp_path, monkeypatch):
    """Weights of which is known that they miss up to 5 plants and imagine up to 2, and are always right."""
    zero = dict.fromkeys(TERMS, 0.0)
    interval = IntervalModel(
        up=tuple({**zero, "constant": 5.0}.values()),
        down=tuple({**zero, "constant": 2.0}.values()),
        factor=1.0,
    )
    folder = tmp_path / "weights"
    folder.mkdir()
    write_calibration(WeightsCalibration(ScoreCalibrator(), interval), SHA, {}, folder)
    monkeypatch.setattr(
        model_registry, "read_calibration", lambda sha256: calibration_store.read_calibration(sha256, folder)
    )


def test_a_count_by_measured_weights_is_stored_with_their_interval(worker, measured_weights):
    bed, tray = summed_up(photo_of(worker)), summed_up(photo_of(worker), types=("plug",))
    assert bed.total_detected == tray.total_detected == len(PLANTS)
    low, high = bed.interval
    assert low == bed.total - 2
    assert high > bed.total
    assert tray.interval == (tray.total - 2, tray.total), "no further than the tray's cells"
    assert "uncalibrated" not in bed.interval_reasons


def test_a_count_by_weights_that_nobody_measured_says_so(worker):
    session = summed_up(photo_of(worker))
    low, high = session.interval
    assert low < session.total <= high
    assert session.interval_reasons[-1] == "uncalibrated"


def test_a_dark_picture_is_a_warning_and_a_reason(worker, measured_weights):
    bright, dark = summed_up(photo_of(worker)), summed_up(photo_of(worker, light=0.2))
    assert (bright.warnings, bright.interval_reasons) == (["needs_location"], [])
    assert set(dark.warnings) == {"needs_location", "dark"}
    assert dark.interval_reasons == ["dark"]


def test_where_containers_failed_nothing_is_said_about_the_total(worker, measured_weights):
    session = summed_up(photo_of(worker), types=("segment", "box"), failing=1)
    assert "partial_count" in session.warnings
    assert session.interval is None
    assert session.interval_reasons == []


def test_once_a_person_has_validated_the_number_it_needs_no_interval(worker, measured_weights):
    session = summed_up(photo_of(worker))
    session.validated = True
    assert session.interval is None
    assert session.interval_low is not None, "how far the weights were off can still be told"


def test_the_label_in_a_photo_names_its_place_before_the_count_is_booked(worker, measured_weights):
    place = StorageLocationConfigFactory(storage_location__qr_code="CLARO-N4-S-03").storage_location
    session = summed_up(photo_of(worker, label="CLARO-N4-S-03"))
    assert (session.storage_location, session.location_source) == (place, LocationSource.LABEL)
    assert session.booking_state == BookingState.BOOKED


@pytest.mark.parametrize(
    ("with_inventory", "stage"),
    [
        pytest.param(True, Stage.BOOKING, id="a photo of the stock"),
        pytest.param(False, Stage.ESTIMATING, id="an analysis books nothing"),
    ],
)
def test_who_follows_a_job_sees_that_it_is_being_booked(worker, monkeypatch, with_inventory, stage):
    seen = []
    save_count = counting_steps.save_count

    def look_and_save(claim, count):
        seen.append(UploadJob.objects.get().stage)
        return save_count(claim, count)

    monkeypatch.setattr(counting_steps, "save_count", look_and_save)
    image = photo_of(worker)
    image.with_inventory = with_inventory
    image.save()
    summed_up(image)
    assert seen == [stage]


def test_an_analysis_is_begun_by_the_id_of_its_step_and_by_the_uuid_of_its_job(bearer, worker, monkeypatch):
    begun = []
    monkeypatch.setattr(counting_steps, "run_step", lambda step_id, *_, **__: begun.append(step_id))
    answer = bearer(worker).post("/api/v1/analyze", {"file": photo_file(1)}, format="multipart").json()
    step = ProcessingStep.objects.get(kind=StepKind.SEGMENT)
    for task_id in (step.pk, answer["task_id"], UUID(answer["task_id"])):
        process_image(task_id)
    assert begun == [step.pk] * 3


@pytest.mark.parametrize("task_id", ["6f1c2a9e-0d1b-4f57-9c36-5a8e3f0b7d21", "no UUID"])
def test_a_message_that_names_no_job_is_nothing_to_do(task_id, caplog):
    process_image(task_id)
    assert f"There is no job {task_id}" in caplog.text


def test_all_work_on_a_photo_is_in_the_name_of_its_upload_although_a_sweep_has_sent_it(
    bearer, worker, monkeypatch
):
    seen = {}

    @contextmanager
    def note_request(claim):
        seen[claim.kind] = request_id_var.get()
        yield

    monkeypatch.setattr(step_runner, "hold_lease", note_request)
    monkeypatch.setattr(counting_steps, "_segment", lambda claim: find_containers(claim, ("segment", "box")))
    monkeypatch.setattr(counting_steps, "_detect", find_plants)
    place = StorageLocationConfigFactory().storage_location
    sent = {"files": [SimpleUploadedFile("photo.png", png_of())], "storage_location_id": place.pk}
    answer = bearer(worker).post(
        "/api/v1/photos/upload", sent, format="multipart", headers={"X-Request-Id": "of-the-upload"}
    )
    assert answer.status_code == 202

    app.loader.import_default_modules()  # else only the tasks that this file imports are known
    for _round in StepKind:
        for step in ProcessingStep.objects.unfinished().select_related("image"):
            task = app.tasks[queue.task_name(step)]
            task.apply(args=[step.pk], headers={"request_id": "of-the-sweep"}, throw=True)

    assert ProcessingSession.objects.get().booking_state == BookingState.BOOKED
    kinds = set(StepKind) - {StepKind.UPLOAD_FULL_PICTURE}
    assert seen == dict.fromkeys(kinds, "of-the-upload")
