"""One photo as a task: for stock, and as an analysis without inventory."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from demeter.accounts.models import User
from inventory.services.stock import record_movement
from photos import queue, storage
from photos.choices import BookingState, StepKind
from photos.models import Image, ProcessingSession, UploadJob
from photos.services.results.session_lifecycle import fail_session
from tests.conftest import Bearer
from tests.inventory.factories import StockBatchFactory, StorageLocationFactory, movement_details
from tests.photos.api.conftest import Upload
from tests.photos.factories import finish_count, photo_file, picture_bytes

PHOTO = "/api/v1/stock/photo"
ANALYZE = "/api/v1/analyze"


def post(client: APIClient, url: str, *files: SimpleUploadedFile, **fields: Any) -> Any:
    return client.post(url, {"file": list(files), **fields}, format="multipart")


# ── POST /stock/photo ────────────────────────────────────────────────────────────────────────────────
def test_one_photo_is_accepted_with_its_task_and_session(client: APIClient) -> None:
    place = StorageLocationFactory()
    response = post(client, PHOTO, photo_file(1), storage_location_id=place.pk)
    answer = response.json()
    job = UploadJob.objects.get()
    assert response.status_code == 202
    assert set(answer) == {
        "task_id",
        "session_id",
        "upload_session_id",
        "status",
        "message",
        "poll_url",
        "jobs",
    }
    assert (answer["task_id"], answer["status"]) == (str(job.pk), "pending")
    assert answer["session_id"] == str(job.session.uuid)
    assert job.session.storage_location == place
    assert client.get(answer["poll_url"]).json()["task_id"] == answer["task_id"]


@pytest.mark.parametrize("url", [PHOTO, ANALYZE])
@pytest.mark.parametrize(
    ("bodies", "code"),
    [
        ([], "no_file"),
        ([b"no picture"], "invalid_file_type"),
        ([picture_bytes(1), picture_bytes(2)], "too_many_files"),
    ],
)
def test_one_good_photo_it_must_be(client: APIClient, url: str, bodies: list[bytes], code: str) -> None:
    response = post(client, url, *(SimpleUploadedFile("IMG.jpg", body) for body in bodies))
    assert (response.status_code, response.json()["code"]) == (400, code)


@pytest.mark.parametrize("url", [PHOTO, ANALYZE])
def test_viewers_send_no_photos(bearer: Bearer, viewer: User, url: str) -> None:
    assert post(bearer(viewer), url, photo_file()).status_code == 403


def test_a_known_photo_is_answered_with_the_count_there_is(client: APIClient) -> None:
    first = post(client, PHOTO, photo_file(1)).json()
    finish_count(ProcessingSession.objects.get(), detected=7)
    again = post(client, PHOTO, photo_file(1)).json()
    assert (again["status"], again["session_id"]) == ("completed", first["session_id"])
    assert client.get(again["poll_url"]).json()["result"]["total_detected"] == 7


def draw(session: ProcessingSession, alias: str) -> None:
    """Put a drawing of a count into a store."""
    key = storage.annotated_key(session.uuid, session.image.uploaded_at)
    storage.StorageService(alias).upload_file(b"drawing", key)
    session.processed_image_id = session.uuid
    session.save(update_fields=["processed_image_id"])


# ── GET /stock/tasks ─────────────────────────────────────────────────────────────────────────────────
def test_a_finished_task_shows_numbers_batches_and_the_drawing(client: APIClient, upload: Upload) -> None:
    [job] = upload(1)["jobs"]
    session = ProcessingSession.objects.get()
    batch = StockBatchFactory()
    record_movement(batch=batch, quantity=9, **movement_details(session_uuid=session.uuid))
    draw(session, storage.DEFAULT)
    finish_count(session, detected=8, estimated=1, avg_confidence=0.75)
    task = client.get(f"/api/v1/stock/tasks/{job['job_id']}").json()
    url = task["result"].pop("processed_image_url")
    assert task == {
        "task_id": job["job_id"],
        "status": "completed",
        "progress_percent": 100,
        "result": {
            "session_id": str(session.uuid),
            "total_detected": 8,
            "total_estimated": 1,
            "avg_confidence": 0.75,
            "batch_ids": [batch.pk],
        },
        "error": None,
    }
    assert b"".join(Client().get(url).streaming_content) == b"drawing"


def test_a_waiting_task_has_no_result_and_a_failed_one_its_reason(client: APIClient, upload: Upload) -> None:
    [job] = upload(1)["jobs"]
    url = f"/api/v1/stock/tasks/{job['job_id']}"
    task = client.get(url).json()
    assert (task["status"], task["result"], task["error"]) == ("pending", None, None)
    fail_session(ProcessingSession.objects.get(), code="unreadable_image", message="Damaged.")
    task = client.get(url).json()
    assert (task["status"], task["result"]) == ("failed", None)
    assert task["error"] == "La foto está dañada y no se puede leer. Sacala otra vez del teléfono."


def test_several_tasks_are_asked_at_once_and_foreign_ones_are_not_found(
    client: APIClient, upload: Upload, bearer: Bearer, other_worker: User, supervisor: User
) -> None:
    own = [job["job_id"] for job in upload(1, 2)["jobs"]]
    foreign = post(bearer(other_worker), PHOTO, photo_file(3)).json()["task_id"]
    unknown = str(uuid4())
    asked = ",".join([own[1], foreign, "nonsense", own[0], unknown])
    shown = client.get("/api/v1/stock/tasks/status", {"task_ids": asked}).json()
    assert [task["task_id"] for task in shown["tasks"]] == [own[1], own[0]]
    assert shown["not_found"] == [foreign, "nonsense", unknown]
    seen_by_supervisor = bearer(supervisor).get("/api/v1/stock/tasks/status", {"task_ids": asked}).json()
    assert seen_by_supervisor["not_found"] == ["nonsense", unknown]


@pytest.mark.parametrize("photos", [1, 10])
def test_asking_for_tasks_costs_three_queries(
    client: APIClient, upload: Upload, django_assert_num_queries: Any, photos: int
) -> None:
    ids = ",".join(job["job_id"] for job in upload(*range(photos))["jobs"])
    with django_assert_num_queries(3):  # the user, the jobs, their batches
        client.get("/api/v1/stock/tasks/status", {"task_ids": ids})


@pytest.mark.parametrize("ids", ["", ",".join(["x"] * 101)])
def test_a_question_for_no_task_or_too_many_is_refused(client: APIClient, ids: str) -> None:
    assert client.get("/api/v1/stock/tasks/status", {"task_ids": ids}).status_code == 400


def test_a_single_task_of_another_user_is_403_and_an_unknown_one_404(
    bearer: Bearer, upload: Upload, other_worker: User, supervisor: User
) -> None:
    [job] = upload(1)["jobs"]
    url = f"/api/v1/stock/tasks/{job['job_id']}"
    assert bearer(other_worker).get(url).status_code == 403
    assert bearer(supervisor).get(url).status_code == 200
    assert bearer(supervisor).get(f"/api/v1/stock/tasks/{uuid4()}").status_code == 404


# ── POST /analyze, GET /tasks ────────────────────────────────────────────────────────────────────────
def test_an_analysis_is_counted_without_place_and_stock(client: APIClient) -> None:
    response = post(client, ANALYZE, photo_file(1))
    image, session = Image.objects.get(), ProcessingSession.objects.get()
    assert response.status_code == 202
    assert response.json() == {"task_id": str(UploadJob.objects.get().pk), "status": "processing"}
    assert not image.with_inventory
    assert (session.booking_state, session.storage_location) == (BookingState.NOT_WANTED, None)
    assert queue.task_name(session.steps.get(kind=StepKind.SEGMENT)) == "process_image"


def test_an_analysis_that_ended_shows_what_was_found_and_a_link_to_its_own_store(client: APIClient) -> None:
    task_id = post(client, ANALYZE, photo_file(1)).json()["task_id"]
    url = f"/api/v1/tasks/{task_id}"
    assert client.get(url).json() == {
        "task_id": task_id,
        "status": "PENDING",
        "result_url": None,
        "result": None,
        "error": None,
    }
    draw(ProcessingSession.objects.get(), storage.PROCESSED)
    judged = {"interval_low": 5, "interval_high": 9, "interval_reasons": ["tiny_plants"]}
    counts = {"plant": 4}
    finish_count(ProcessingSession.objects.get(), detected=4, estimated=2, category_counts=counts, **judged)
    task = client.get(url).json()
    assert task["status"] == "COMPLETED"
    assert (task["result"]["total"], task["result"]["category_counts"]) == (6, counts)
    assert (task["result"]["interval"], task["result"]["interval_reasons"]) == ([5, 9], ["tiny_plants"])
    assert task["result_url"].startswith("http://testserver/files/processed/")
    assert b"".join(Client().get(task["result_url"]).streaming_content) == b"drawing"


def test_an_analysis_is_made_anew_each_time(client: APIClient) -> None:
    for _ in range(2):
        post(client, ANALYZE, photo_file(1))
    assert ProcessingSession.objects.count() == 2


def test_an_analysis_is_no_known_photo_for_the_stock(client: APIClient) -> None:
    post(client, ANALYZE, photo_file(1))
    answer = post(client, PHOTO, photo_file(1)).json()
    assert answer["status"] == "pending"
    assert Image.objects.in_inventory().count() == 1


def test_unknown_and_foreign_analyses_are_404(
    client: APIClient, upload: Upload, bearer: Bearer, other_worker: User, supervisor: User
) -> None:
    task_id = post(client, ANALYZE, photo_file(1)).json()["task_id"]
    job_id = upload(2)["jobs"][0]["job_id"]
    assert bearer(other_worker).get(f"/api/v1/tasks/{task_id}").status_code == 404
    assert bearer(supervisor).get(f"/api/v1/tasks/{task_id}").status_code == 200
    assert client.get(f"/api/v1/tasks/{uuid4()}").status_code == 404
    assert client.get(f"/api/v1/tasks/{job_id}").status_code == 404  # an upload is no analysis
