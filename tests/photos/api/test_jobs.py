"""Following uploads: what the status says, who may ask, and what asking costs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from rest_framework.test import APIClient

from demeter.accounts.models import User
from photos.choices import JobStatus, Stage, StepKind
from photos.models import ProcessingSession, ProcessingStep, UploadJob, UploadSession
from photos.services.results.session_lifecycle import fail_session
from photos.services.steps import jobs
from tests.conftest import Bearer
from tests.photos.api.conftest import Upload
from tests.photos.factories import finish_count, photo_file

STATUS = "/api/v1/photos/jobs/status"
UNKNOWN = "c35717d5-2758-489a-9c82-9f247c1e0d46"


def session_of(job: dict[str, Any]) -> ProcessingSession:
    return UploadJob.objects.get(pk=job["job_id"]).session


def status_of(client: APIClient, answer: dict[str, Any]) -> dict[str, Any]:
    response = client.get(STATUS, {"upload_session_id": answer["upload_session_id"]})
    assert response.status_code == 200
    shown: dict[str, Any] = response.json()
    return shown


def test_a_job_that_waits_shows_nothing_that_is_not_known(client: APIClient, upload: Upload) -> None:
    answer = upload(1)
    [job] = status_of(client, answer)["jobs"]
    assert job == {
        "job_id": answer["jobs"][0]["job_id"],
        "image_id": answer["jobs"][0]["image_id"],
        "filename": "IMG_1.jpg",
        "status": "pending",
        "stage": "stored",
        "progress_percent": 0,
        "started_at": None,
        "completed_at": None,
        "warnings": [],
    }


def test_a_running_job_shows_its_stage_and_the_time_left_as_others_took(
    client: APIClient, upload: Upload
) -> None:
    measured, running = (session_of(job) for job in upload(1, 2)["jobs"])
    finish_count(measured)
    for kind, seconds in {StepKind.SEGMENT: 10, StepKind.DETECT_DIRECT: 100, StepKind.AGGREGATE: 5}.items():
        ProcessingStep.objects.update_or_create(
            key=f"{measured.uuid}:measured:{kind}",
            defaults={"image": measured.image, "session": measured, "kind": kind, "seconds": seconds},
        )
    jobs.enter_stage(running, Stage.DETECTING)
    UploadJob.objects.filter(session=running).update(progress_percent=25)
    shown = client.get(f"/api/v1/photos/jobs/{running.jobs.get().pk}/status").json()
    assert (shown["status"], shown["stage"], shown["progress_percent"]) == ("processing", "detecting", 25)
    assert shown["estimated_remaining_seconds"] == 85  # a fifth of the tiles is done; then 5 s
    assert "result" not in shown


def test_no_time_left_is_said_as_long_as_nothing_was_measured(client: APIClient, upload: Upload) -> None:
    answer = upload(1)
    jobs.enter_stage(session_of(answer["jobs"][0]), Stage.DETECTING)
    [job] = status_of(client, answer)["jobs"]
    assert "estimated_remaining_seconds" not in job


def test_a_finished_job_shows_its_result_and_warnings(client: APIClient, upload: Upload) -> None:
    answer = upload(1)
    session = session_of(answer["jobs"][0])
    UploadJob.objects.update(started_at=timezone.now() - timedelta(seconds=20))
    finish_count(session, detected=80, estimated=21, warnings=["needs_location"])
    [job] = status_of(client, answer)["jobs"]
    assert (job["status"], job["stage"], job["progress_percent"]) == ("completed", "done", 100)
    assert job["warnings"] == ["needs_location"]
    assert job["result"] == {
        "session_id": str(session.uuid),
        "total_detected": 80,
        "total_estimated": 21,
        "total": 101,
        "storage_location_id": None,
    }
    assert 20 <= job["processing_time_seconds"] < 30
    assert "estimated_remaining_seconds" not in job


def test_a_job_shows_the_numbers_that_a_person_validated(client: APIClient, upload: Upload) -> None:
    answer = upload(1)
    session = session_of(answer["jobs"][0])
    finish_count(session, detected=80, estimated=21)
    people = {"human_detected": 70, "human_estimated": 0, "human_dead": 3, "human_empty": 0}
    ProcessingSession.objects.filter(pk=session.pk).update(validated=True, **people)
    [job] = status_of(client, answer)["jobs"]
    result = job["result"]
    assert (result["total_detected"], result["total_estimated"], result["total"]) == (70, 0, 70)


def test_times_are_told_in_the_time_of_the_nursery(client: APIClient, upload: Upload) -> None:
    answer = upload(1)
    finish_count(session_of(answer["jobs"][0]))
    noon = datetime(2026, 4, 1, 12, 30, 15, 250_000, tzinfo=UTC)
    UploadJob.objects.update(started_at=noon, completed_at=noon + timedelta(seconds=61.26))
    shown = status_of(client, answer)
    [job] = shown["jobs"]
    assert (job["started_at"], job["processing_time_seconds"]) == ("2026-04-01T09:30:15.250000-03:00", 61.3)
    assert job["completed_at"] == "2026-04-01T09:31:16.510000-03:00"
    assert shown["last_updated"].endswith("-03:00")


def test_a_failed_job_says_why(client: APIClient, upload: Upload) -> None:
    answer = upload(1)
    fail_session(session_of(answer["jobs"][0]), code="unreadable_image", message="The picture is damaged.")
    [job] = status_of(client, answer)["jobs"]
    assert (job["status"], job["code"], job["error_message"]) == (
        "failed",
        "unreadable_image",
        "La foto está dañada y no se puede leer. Sacala otra vez del teléfono.",
    )
    assert job["progress_percent"] == 100  # it has ended: the bar of the upload ends at 100 %


def test_the_summary_counts_all_but_refused_files(client: APIClient) -> None:
    files = [photo_file(1), photo_file(2), photo_file(3), SimpleUploadedFile("empty.jpg", b"")]
    answer = client.post("/api/v1/photos/upload", {"files": files}, format="multipart").json()
    first, second, _third, _refused = answer["jobs"]
    finish_count(session_of(first))
    UploadJob.objects.filter(pk=second["job_id"]).update(status=JobStatus.PROCESSING, progress_percent=50)
    shown = status_of(client, answer)
    assert [job["status"] for job in shown["jobs"]] == ["completed", "processing", "pending", "rejected"]
    assert shown["jobs"][3]["error_message"] == answer["jobs"][3]["error"]
    assert shown["summary"] == {
        "total_jobs": 3,
        "completed": 1,
        "processing": 1,
        "pending": 1,
        "failed": 0,
        "overall_progress_percent": 50,
    }
    assert shown["last_updated"]


def test_a_single_job_is_shown_as_in_the_list(client: APIClient, upload: Upload) -> None:
    answer = upload(1)
    [job] = status_of(client, answer)["jobs"]
    assert client.get(f"/api/v1/photos/jobs/{job['job_id']}/status").json() == job


@pytest.mark.parametrize("path", ["/api/v1/photos/jobs/{job}/status", STATUS + "?upload_session_id={upload}"])
def test_jobs_are_shown_to_their_owner_and_to_supervisors(
    bearer: Bearer,
    upload: Upload,
    path: str,
    worker: User,
    other_worker: User,
    supervisor: User,
    admin: User,
    stranger: User,
) -> None:
    answer = upload(1)
    url = path.format(job=answer["jobs"][0]["job_id"], upload=answer["upload_session_id"])
    people = (worker, supervisor, admin, other_worker, stranger)
    assert [bearer(user).get(url).status_code for user in people] == [200, 200, 200, 403, 403]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{STATUS}?upload_session_id={UNKNOWN}", 404),
        (f"/api/v1/photos/jobs/{UNKNOWN}/status", 404),
        (STATUS, 400),
        (f"{STATUS}?upload_session_id=nonsense", 400),
        ("/api/v1/photos/jobs/nonsense/status", 404),
    ],
)
def test_unknown_jobs_are_404_and_unreadable_questions_400(client: APIClient, path: str, status: int) -> None:
    response = client.get(path)
    assert response.status_code == status
    assert set(response.json()) == {"code", "error", "detail", "timestamp", "request_id"}


@pytest.mark.parametrize("photos", [1, 12])
def test_a_poll_costs_five_queries_however_many_photos_and_three_once_all_have_ended(
    client: APIClient, upload: Upload, django_assert_num_queries: Any, photos: int
) -> None:
    answer = upload(*range(photos))
    with django_assert_num_queries(5):  # user, upload, jobs with counts; what stages took, what waits
        status_of(client, answer)
    for job in answer["jobs"]:
        finish_count(session_of(job))
    with django_assert_num_queries(3):
        status_of(client, answer)


def test_polling_every_two_seconds_is_not_throttled(client: APIClient, upload: Upload) -> None:
    answer = upload(1)
    assert len([status_of(client, answer) for _ in range(60)]) == 60


# ── the list of uploads ──────────────────────────────────────────────────────────────────────────────
UPLOADS = "/api/v1/photos/uploads"


def test_a_worker_sees_his_own_uploads_newest_first_with_their_summaries(
    client: APIClient, upload: Upload, bearer: Bearer, other_worker: User
) -> None:
    first, second = upload(1, 2, notes="nave 1"), upload(3)
    finish_count(session_of(first["jobs"][0]))
    shown = client.get(UPLOADS).json()
    assert [row["upload_session_id"] for row in shown["results"]] == [
        second["upload_session_id"],
        first["upload_session_id"],
    ]
    assert shown["results"][1]["notes"] == "nave 1"
    assert shown["results"][1]["total_files"] == 2
    assert shown["results"][1]["summary"] == {
        "total_jobs": 2,
        "completed": 1,
        "processing": 0,
        "pending": 1,
        "failed": 0,
        "overall_progress_percent": 50,
    }
    assert shown["pagination"]["total_items"] == 2
    assert bearer(other_worker).get(UPLOADS).json()["results"] == []


def test_uploads_come_in_the_order_asked_for(client: APIClient, upload: Upload) -> None:
    first, second = upload(1), upload(2)
    shown = client.get(UPLOADS, {"ordering": "created_at"}).json()["results"]
    assert [row["upload_session_id"] for row in shown] == [
        first["upload_session_id"],
        second["upload_session_id"],
    ]
    refused = client.get(UPLOADS, {"ordering": "notes"})
    assert (refused.status_code, list(refused.json()["detail"])) == (400, ["ordering"])


def test_uploads_are_filtered_by_the_state_of_their_files(client: APIClient, upload: Upload) -> None:
    mixed, waiting = upload(1, 2), upload(3)
    finish_count(session_of(mixed["jobs"][0]))

    def listed(**query: str) -> list[str]:
        return [row["upload_session_id"] for row in client.get(UPLOADS, query).json()["results"]]

    ids = [answer["upload_session_id"] for answer in (mixed, waiting)]
    assert listed(status="completed") == ids[:1]
    assert listed(status="pending", ordering="created_at") == ids
    assert listed(status="failed") == []
    refused = client.get(UPLOADS, {"status": "ended"})
    assert (refused.status_code, list(refused.json()["detail"])) == (400, ["status"])


def test_uploads_are_filtered_by_the_days_of_the_nursery(client: APIClient, upload: Upload) -> None:
    early, late = (upload(number)["upload_session_id"] for number in (1, 2))
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    today, yesterday = midnight.date().isoformat(), (midnight - timedelta(days=1)).date().isoformat()
    for pk, when in ((early, midnight - timedelta(seconds=1)), (late, midnight)):
        UploadSession.objects.filter(pk=pk).update(created_at=when)

    def listed(**query: str) -> list[str]:
        return [row["upload_session_id"] for row in client.get(UPLOADS, query).json()["results"]]

    assert listed(date_from=today) == [late]
    assert listed(date_to=yesterday) == [early]
    assert listed(date_from=yesterday, date_to=today) == [late, early]
    refused = client.get(UPLOADS, {"date_from": "yesterday"})
    assert (refused.status_code, list(refused.json()["detail"])) == (400, ["date_from"])


def test_uploads_are_listed_for_48_hours(client: APIClient, upload: Upload) -> None:
    upload(1)
    UploadSession.objects.update(created_at=timezone.now() - timedelta(hours=47, minutes=59))
    assert len(client.get(UPLOADS).json()["results"]) == 1
    UploadSession.objects.update(created_at=timezone.now() - timedelta(hours=48, minutes=1))
    assert client.get(UPLOADS).json()["results"] == []


@pytest.mark.parametrize("uploads", [1, 8])
def test_the_list_of_uploads_costs_four_queries(
    client: APIClient, upload: Upload, django_assert_num_queries: Any, uploads: int
) -> None:
    for number in range(uploads):
        upload(number)
    with django_assert_num_queries(4):  # the user, the number, the page, the sums
        client.get(UPLOADS)
