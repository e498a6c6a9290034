"""POST /photos/upload: what is taken in, what is refused, and what the answer says."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from demeter.accounts.models import User
from inventory.models import StorageLocation
from photos import storage
from photos.choices import JobStatus, SessionStatus, StepKind
from photos.models import Image, ProcessingSession, ProcessingStep, UploadJob, UploadSession
from photos.services.execution.step_failures import fail_permanently
from photos.services.results.session_lifecycle import fail_session
from photos.services.steps.claims import claim_step, complete_step
from tests.conftest import Bearer
from tests.inventory.factories import StorageLocationFactory, WarehouseFactory
from tests.photos.factories import exif_bytes, finish_count, photo_file, picture_bytes

URL = "/api/v1/photos/upload"


@pytest.fixture
def place(db: None) -> StorageLocation:
    return StorageLocationFactory()


def file_of(data: bytes, name: str = "IMG.jpg", declared: str = "image/jpeg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, declared)


def upload(client: Any, *files: SimpleUploadedFile, **fields: Any) -> Any:
    return client.post(URL, {"files": list(files), **fields}, format="multipart")


# ── taken in ─────────────────────────────────────────────────────────────────────────────────────────
def test_photos_are_accepted_staged_written_down_and_wait_to_be_counted(bearer: Bearer, worker: User) -> None:
    response = upload(bearer(worker), photo_file(1), photo_file(2), notes="nave 3")
    answer = response.json()
    assert response.status_code == 202
    assert set(answer) == {
        "status",
        "upload_session_id",
        "jobs",
        "total_files",
        "estimated_completion_time_minutes",
        "poll_url",
    }
    assert (answer["status"], answer["total_files"]) == ("accepted", 2)
    assert answer["estimated_completion_time_minutes"] is None  # nothing has been measured yet
    upload_session = UploadSession.objects.get(pk=answer["upload_session_id"])
    assert (upload_session.user, upload_session.notes) == (worker, "nave 3")
    jobs = list(upload_session.jobs.order_by("position"))
    assert answer["jobs"] == [
        {"job_id": str(job.pk), "image_id": str(job.image_id), "filename": job.filename, "status": "pending"}
        for job in jobs
    ]
    assert [job.filename for job in jobs] == ["IMG_1.jpg", "IMG_2.jpg"]
    image = Image.objects.get(pk=jobs[0].image_id)
    assert image.sha256 == hashlib.sha256(picture_bytes(1)).hexdigest()
    assert (image.width_px, image.height_px, image.status) == (48, 32, "uploaded")
    assert storage.staging_read(image.staging_key) == picture_bytes(1)
    kinds = set(ProcessingStep.objects.filter(image=image).values_list("kind", flat=True))
    assert kinds == {StepKind.SEGMENT, StepKind.UPLOAD_ORIGINAL, StepKind.UPLOAD_THUMBNAIL}


def test_the_poll_url_leads_to_the_status_of_the_upload(bearer: Bearer, worker: User) -> None:
    client = bearer(worker)
    answer = upload(client, photo_file()).json()
    assert client.get(answer["poll_url"]).json()["upload_session_id"] == answer["upload_session_id"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_work_is_sent_when_the_rows_are_committed(bearer: Bearer, worker: User) -> None:
    upload(bearer(worker), photo_file())
    assert ProcessingStep.objects.filter(sent_at=None).count() == 0
    assert ProcessingStep.objects.count() == 3


@pytest.mark.parametrize(
    ("kind", "content_type", "extension"),
    [
        ("JPEG", "image/jpeg", "jpg"),
        ("PNG", "image/png", "png"),
        ("WEBP", "image/webp", "webp"),
        ("HEIF", "image/heic", "heic"),
        ("AVIF", "image/avif", "avif"),
    ],
)
def test_the_content_decides_what_a_file_is_not_its_name_or_declared_type(
    bearer: Bearer, worker: User, kind: str, content_type: str, extension: str
) -> None:
    data = picture_bytes(kind=kind, size=(64, 64))
    response = upload(bearer(worker), file_of(data, "notes.txt", "text/plain"))
    image = Image.objects.get()
    assert response.status_code == 202
    assert (image.content_type, image.original_key.rpartition(".")[2]) == (content_type, extension)


def test_exif_position_date_camera_and_turn_are_kept(bearer: Bearer, worker: User) -> None:
    exif = exif_bytes(
        lat=-33.0415,
        lon=-68.7042,
        error_m=4.5,
        taken="2026:05:04 10:20:30",
        offset="+02:00",
        make="Pixel",
        orientation=6,
    )
    upload(bearer(worker), photo_file(exif=exif))
    image = Image.objects.get()
    assert image.gps_coordinates == pytest.approx(
        {"lat": -33.0415, "lon": -68.7042, "altitude": None, "accuracy": 4.5}, abs=1e-6
    )
    assert image.taken_at == datetime(2026, 5, 4, 8, 20, 30, tzinfo=UTC)
    assert image.exif["camera_make"] == "Pixel"
    assert (image.width_px, image.height_px) == (32, 48)


def test_the_named_place_and_warehouse_are_taken(
    bearer: Bearer, worker: User, place: StorageLocation
) -> None:
    warehouse = place.storage_area.warehouse
    response = upload(
        bearer(worker), photo_file(), storage_location_id=place.pk, warehouse_id=warehouse.pk, force="false"
    )
    assert response.status_code == 202
    session = ProcessingSession.objects.get()
    assert (session.storage_location, session.location_source) == (place, "uploader")
    assert UploadSession.objects.get().warehouse == warehouse


def test_an_empty_place_is_no_place(bearer: Bearer, worker: User) -> None:
    assert upload(bearer(worker), photo_file(), storage_location_id="", notes="").status_code == 202


@pytest.mark.parametrize("url", [URL, URL + "/"])
def test_a_slash_at_the_end_loses_nothing(bearer: Bearer, worker: User, url: str) -> None:
    assert bearer(worker).post(url, {"files": photo_file()}, format="multipart").status_code == 202


def test_a_signed_in_browser_needs_its_csrf_token(worker: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(worker)
    assert client.post(URL, {"files": photo_file()}).status_code == 403
    client.get("/")
    token = client.cookies["csrftoken"].value
    response = client.post(URL, {"files": photo_file()}, headers={"X-CSRFToken": token})
    assert response.status_code == 202


def test_a_hundred_photos_in_one_request_are_taken(bearer: Bearer, worker: User) -> None:
    response = upload(bearer(worker), *(photo_file(n) for n in range(100)))
    assert response.status_code == 202
    assert Image.objects.count() == 100


def test_fifty_requests_in_a_row_are_not_throttled(bearer: Bearer, worker: User) -> None:
    client = bearer(worker)
    assert {upload(client, photo_file(n)).status_code for n in range(50)} == {202}


def test_the_time_it_may_take_comes_from_measured_counts(bearer: Bearer, worker: User) -> None:
    client = bearer(worker)
    upload(client, photo_file(1))
    session = ProcessingSession.objects.get()
    session.steps.filter(kind=StepKind.SEGMENT).update(status="done", seconds=45)
    finish_count(session)
    answer = upload(client, photo_file(2), photo_file(3)).json()
    assert answer["estimated_completion_time_minutes"] == 1.5  # two photos wait, 45 s each


# ── refused ──────────────────────────────────────────────────────────────────────────────────────────
BAD_FILES = {
    "empty_file": b"",
    "invalid_file_type": b"%PDF-1.7 not a picture",
    "unreadable_image": picture_bytes()[:30],
}


@pytest.mark.parametrize("code", sorted(BAD_FILES))
def test_a_file_that_is_no_photo_is_refused_with_a_code_and_a_sentence(
    bearer: Bearer, worker: User, code: str
) -> None:
    response = upload(bearer(worker), file_of(BAD_FILES[code]))
    error = response.json()
    assert response.status_code == 400
    assert error["code"] == code
    assert error["error"].endswith(".")
    job = UploadJob.objects.get()
    assert (job.status, job.code, job.error, job.image) == ("rejected", code, error["error"], None)
    assert error["detail"]["jobs"][0]["job_id"] == str(job.pk)
    assert (Image.objects.count(), ProcessingStep.objects.count()) == (0, 0)


def test_a_gif_is_refused_whatever_it_is_called(bearer: Bearer, worker: User) -> None:
    response = upload(bearer(worker), file_of(picture_bytes(kind="GIF"), "IMG.jpg"))
    assert (response.status_code, response.json()["code"]) == (400, "invalid_file_type")


def test_a_file_above_the_limit_is_refused_and_never_kept(
    bearer: Bearer, worker: User, settings: Any, tmp_path: Path
) -> None:
    settings.UPLOAD_MAX_FILE_BYTES = 1000
    response = upload(bearer(worker), file_of(picture_bytes() + b"\0" * 2_000_000))
    assert (response.status_code, response.json()["code"]) == (400, "file_too_large")
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_picture_with_too_many_pixels_is_refused(bearer: Bearer, worker: User, settings: Any) -> None:
    settings.UPLOAD_MAX_PIXELS = 48 * 32 - 1
    response = upload(bearer(worker), photo_file())
    assert (response.status_code, response.json()["code"]) == (400, "image_too_large")


def test_good_files_go_on_when_others_are_refused(bearer: Bearer, worker: User) -> None:
    response = upload(bearer(worker), photo_file(1), file_of(b"", "empty.jpg"), photo_file(2))
    answer = response.json()
    assert response.status_code == 207
    assert [job["status"] for job in answer["jobs"]] == ["pending", "rejected", "pending"]
    assert answer["jobs"][1]["image_id"] is None
    assert answer["jobs"][1]["code"] == "empty_file"
    assert answer["jobs"][1]["error"]
    assert answer["total_files"] == 3
    assert Image.objects.count() == 2


@pytest.mark.parametrize("count", [101, 102, 120])
def test_more_than_a_hundred_files_are_refused_as_a_whole(bearer: Bearer, worker: User, count: int) -> None:
    response = upload(bearer(worker), *(file_of(b"x") for _ in range(count)))
    assert (response.status_code, response.json()["code"]) == (400, "too_many_files")
    assert UploadJob.objects.count() == 0


def test_a_request_that_is_too_large_as_a_whole_is_413(bearer: Bearer, worker: User, settings: Any) -> None:
    settings.UPLOAD_MAX_REQUEST_BYTES = 1000
    response = upload(bearer(worker), file_of(b"\0" * 2_000_000))
    assert (response.status_code, response.json()["code"]) == (413, "request_too_large")


@pytest.mark.parametrize("body", [{"files": "x"}, {}])
def test_a_body_that_is_not_multipart_is_415(bearer: Bearer, worker: User, body: dict[str, str]) -> None:
    assert bearer(worker).post(URL, body, format="json").status_code == 415


@pytest.mark.parametrize("body", [{}, {"files": "only a text"}, {"file": "of another name"}])
def test_a_request_without_a_file_is_refused(bearer: Bearer, worker: User, body: dict[str, str]) -> None:
    response = bearer(worker).post(URL, body, format="multipart")
    assert (response.status_code, response.json()["code"]) == (400, "no_file")


@pytest.mark.parametrize("field", ["storage_location_id", "warehouse_id"])
@pytest.mark.parametrize("number", [999_999, 10**30])
def test_a_place_that_does_not_exist_is_refused(
    bearer: Bearer, worker: User, field: str, number: int
) -> None:
    response = upload(bearer(worker), photo_file(), **{field: number})
    expected = {"storage_location_id": "unknown_location", "warehouse_id": "unknown_warehouse"}[field]
    assert (response.status_code, response.json()["code"]) == (400, expected)
    assert UploadSession.objects.count() == 0


def test_a_place_that_is_not_in_use_is_refused(bearer: Bearer, worker: User) -> None:
    place = StorageLocationFactory(is_active=False)
    closed = WarehouseFactory(is_active=False)
    client = bearer(worker)
    assert upload(client, photo_file(), storage_location_id=place.pk).json()["code"] == "unknown_location"
    assert upload(client, photo_file(), warehouse_id=closed.pk).json()["code"] == "unknown_warehouse"


def test_a_place_that_is_not_a_number_is_refused(bearer: Bearer, worker: User) -> None:
    response = upload(bearer(worker), photo_file(), storage_location_id="nave 3")
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert "storage_location_id" in response.json()["detail"]


@pytest.mark.parametrize("role", ["viewer", "stranger"])
def test_viewers_do_not_upload(bearer: Bearer, request: pytest.FixtureRequest, role: str) -> None:
    response = upload(bearer(request.getfixturevalue(role)), photo_file())
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert UploadSession.objects.count() == 0


def test_strange_file_names_are_kept_as_far_as_they_can_be_shown(bearer: Bearer, worker: User) -> None:
    names = ["Cañón \x07 1.jpg", "../../etc/passwd", "a" * 400 + ".jpg"]
    upload(bearer(worker), *(photo_file(n, name=name) for n, name in enumerate(names)))
    stored = [job.filename for job in UploadJob.objects.order_by("position")]
    assert stored[:2] == ["Cañón  1.jpg", "passwd"]
    assert len(stored[2]) <= 255
    assert stored[2].endswith("a.jpg")


def test_nothing_stays_in_staging_when_the_rows_cannot_be_written(
    bearer: Bearer, worker: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("photos.services.intake.upload_rows.begin_session", broken)
    response = upload(bearer(worker), photo_file(1), photo_file(2))
    assert (response.status_code, response.json()["code"]) == (500, "server_error")
    assert [path for path in (tmp_path / "media").rglob("*") if path.is_file()] == []
    assert (UploadSession.objects.count(), Image.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_bytes_whose_rows_may_have_been_written_stay_when_the_database_does_not_answer(
    bearer: Bearer, worker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, commit = bearer(worker), connection.commit

    def commit_without_answer() -> None:
        commit()
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patched:
        patched.setattr(connection, "commit", commit_without_answer)
        assert upload(client, photo_file(1)).status_code == 503
    image = Image.objects.get()
    assert storages["staging"].exists(image.staging_key)
    [job] = upload(client, photo_file(1)).json()["jobs"]
    assert job["duplicate_of"] == str(image.pk)


# ── known photos ─────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def counted(bearer: Bearer, worker: User) -> ProcessingSession:
    """The finished count of photo 1."""
    upload(bearer(worker), photo_file(1))
    return finish_count(ProcessingSession.objects.get(), detected=80, estimated=20)


def test_a_photo_that_was_counted_is_not_counted_again(
    bearer: Bearer, worker: User, counted: ProcessingSession
) -> None:
    client = bearer(worker)
    response = upload(client, photo_file(1, name="again.jpg"))
    [job] = response.json()["jobs"]
    assert response.status_code == 202
    assert (job["status"], job["duplicate_of"], job["image_id"]) == (
        "completed",
        str(counted.image_id),
        str(counted.image_id),
    )
    shown = client.get(f"/api/v1/photos/jobs/{job['job_id']}/status").json()
    assert shown["result"]["total"] == 100
    assert (Image.objects.count(), ProcessingSession.objects.count()) == (1, 1)


def test_a_known_photo_is_not_kept_twice(
    bearer: Bearer, worker: User, counted: ProcessingSession, tmp_path: Path
) -> None:
    staged = {path for path in (tmp_path / "media").rglob("*") if path.is_file()}
    upload(bearer(worker), photo_file(1))
    assert {path for path in (tmp_path / "media").rglob("*") if path.is_file()} == staged


@pytest.mark.parametrize(("url", "fields"), [(URL, {"force": "true"}), (URL + "?force=true", {})])
def test_a_known_photo_is_counted_again_when_that_is_asked(
    bearer: Bearer, worker: User, counted: ProcessingSession, url: str, fields: dict[str, str]
) -> None:
    response = bearer(worker).post(url, {"files": photo_file(1), **fields}, format="multipart")
    [job] = response.json()["jobs"]
    assert (response.status_code, job["status"], job["image_id"]) == (202, "pending", str(counted.image_id))
    assert "duplicate_of" not in job
    assert list(ProcessingSession.objects.order_by("attempt").values_list("attempt", "status")) == [
        (1, SessionStatus.COMPLETED),
        (2, SessionStatus.PENDING),
    ]
    assert UploadJob.objects.get(pk=job["job_id"]).upload_session_id != counted.image.upload_session_id


def test_a_photo_whose_count_failed_is_counted_again(bearer: Bearer, worker: User) -> None:
    client = bearer(worker)
    upload(client, photo_file(1))
    fail_session(ProcessingSession.objects.get(), code="too_many_attempts", message="Tried too often.")
    [job] = upload(client, photo_file(1)).json()["jobs"]
    assert job["status"] == "pending"
    assert ProcessingSession.objects.count() == 2


def lose_original_while_counting(image: Image) -> None:
    fail_session(image.sessions.get(), code="original_missing", message="Nowhere.")


def lose_original_while_storing(image: Image) -> None:
    claim = claim_step(image.steps.get(kind=StepKind.UPLOAD_ORIGINAL).pk)
    assert claim is not None
    fail_permanently(claim, code="original_missing", message="Nowhere.")
    finish_count(image.sessions.get(), detected=5)


@pytest.mark.parametrize("lose_original", [lose_original_while_counting, lose_original_while_storing])
def test_a_photo_whose_original_is_missing_is_taken_in_once_more(
    bearer: Bearer, worker: User, lose_original: Any
) -> None:
    client = bearer(worker)
    upload(client, photo_file(1))
    lost = Image.objects.get()
    storage.staging_discard([lost.staging_key])
    lose_original(lost)
    [job] = upload(client, photo_file(1)).json()["jobs"]
    assert (job["status"], "duplicate_of" in job) == ("pending", False)
    again = Image.objects.get(pk=job["image_id"])
    assert again != lost
    assert storages["staging"].exists(again.staging_key)
    assert set(again.steps.values_list("kind", flat=True)) >= {StepKind.SEGMENT, StepKind.UPLOAD_ORIGINAL}
    [third] = upload(client, photo_file(1)).json()["jobs"]
    assert third["duplicate_of"] == str(again.pk)


def test_a_photo_whose_original_is_found_after_all_is_known(bearer: Bearer, worker: User) -> None:
    client = bearer(worker)
    upload(client, photo_file(1))
    step = ProcessingStep.objects.get(kind=StepKind.UPLOAD_ORIGINAL)
    claim = claim_step(step.pk)
    assert claim is not None
    fail_permanently(claim, code="original_missing", message="Nowhere.")
    step.refresh_from_db()
    complete_step(step)
    [job] = upload(client, photo_file(1)).json()["jobs"]
    assert job["duplicate_of"] == job["image_id"]


def test_the_same_photo_twice_in_a_request_is_counted_once(bearer: Bearer, worker: User) -> None:
    answer = upload(bearer(worker), photo_file(1), photo_file(1, name="copy.jpg")).json()
    first, second = answer["jobs"]
    assert second["duplicate_of"] == first["image_id"] == second["image_id"]
    assert (Image.objects.count(), ProcessingSession.objects.count()) == (1, 1)
    finish_count(ProcessingSession.objects.get(), detected=5)
    assert set(UploadJob.objects.values_list("status", flat=True)) == {JobStatus.COMPLETED}


def test_a_photo_in_the_trash_counts_as_new(bearer: Bearer, worker: User, counted: ProcessingSession) -> None:
    Image.objects.update(deleted_at=timezone.now(), deleted_by=worker)
    [job] = upload(bearer(worker), photo_file(1)).json()["jobs"]
    assert job["status"] == "pending"
    assert Image.objects.count() == 2


def test_the_queries_of_an_upload_grow_only_with_its_photos(
    bearer: Bearer, worker: User, django_assert_max_num_queries: Any
) -> None:
    client = bearer(worker)
    with django_assert_max_num_queries(60):
        upload(client, photo_file(1))
    with django_assert_max_num_queries(60 + 9 * 30):
        upload(client, *(photo_file(n) for n in range(2, 12)))
