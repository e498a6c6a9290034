"""The same bytes again: who knows them, what a place named now does, and what is said about a contradiction."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from demeter.accounts.models import User
from inventory.models import StorageLocation
from photos.models import Image, ProcessingSession, UploadJob, UploadSession
from photos.services.booking.stock_evidence import settle_session
from photos.services.context.deduplication import contradicted_by_copies
from photos.services.results.session_lifecycle import open_session
from tests.conftest import Bearer
from tests.inventory.factories import StorageLocationConfigFactory
from tests.photos.count_builders import store_photo
from tests.photos.factories import finish_count, photo_file

URL = "/api/v1/photos/upload"


def make_place() -> StorageLocation:
    location: StorageLocation = StorageLocationConfigFactory().storage_location
    return location


@pytest.fixture
def place(db: None) -> StorageLocation:
    return make_place()


@pytest.fixture
def other_place(db: None) -> StorageLocation:
    return make_place()


def send(
    client: APIClient, number: int = 1, *, at: StorageLocation | None = None, **fields: Any
) -> dict[str, Any]:
    """Upload one photo; returns its job as the answer shows it."""
    given = {"files": photo_file(number), **({"storage_location_id": at.pk} if at else {}), **fields}
    response = client.post(URL, given, format="multipart")
    assert response.status_code == 202, response.json()
    job: dict[str, Any] = response.json()["jobs"][0]
    return job


def count_of(job: dict[str, Any]) -> ProcessingSession:
    return ProcessingSession.objects.filter(image=job["image_id"]).order_by("-attempt")[0]


def finish(job: dict[str, Any], plants: int = 7) -> ProcessingSession:
    """End the count of a job with these plants, and book it as far as it can be."""
    session = finish_count(count_of(job), detected=plants)
    session.containers.create(
        position=0,
        type="segment",
        polygon=[[0, 0], [9, 0], [9, 9]],
        confidence=1,
        is_counted=True,
        detected=plants,
    )
    settle_session(session)
    session.refresh_from_db()
    return session


# ── who knows a photo ────────────────────────────────────────────────────────────────────────────────
def test_bytes_of_a_photo_that_the_caller_may_not_see_are_a_photo_of_his_own(
    bearer: Bearer, worker: User, other_worker: User, place: StorageLocation
) -> None:
    first = send(bearer(worker), at=place, notes="secret")
    finish(first)
    second = send(bearer(other_worker), at=place)
    assert second["image_id"] != first["image_id"]
    assert set(second) == {"job_id", "image_id", "filename", "status"}
    assert second["status"] == "pending"
    image = Image.objects.get(pk=second["image_id"])
    assert (image.uploaded_by, image.sessions.count()) == (other_worker, 1)
    assert Image.objects.get(pk=first["image_id"]).sessions.count() == 1
    shown = bearer(other_worker).get(f"/api/v1/photos/jobs/{second['job_id']}/status").json()
    assert first["image_id"] not in str(shown)


def test_the_owner_and_a_supervisor_know_a_photo(bearer: Bearer, worker: User, supervisor: User) -> None:
    first = send(bearer(worker))
    finish(first)
    for user in (worker, supervisor):
        again = send(bearer(user))
        assert (again["status"], again["duplicate_of"]) == ("completed", first["image_id"])


def test_of_two_copies_the_caller_is_shown_his_own(
    bearer: Bearer, worker: User, supervisor: User, other_worker: User
) -> None:
    own = send(bearer(worker))
    finish(own)
    finish(send(bearer(other_worker)))
    assert send(bearer(worker))["duplicate_of"] == own["image_id"]


@pytest.mark.parametrize("force", ["false", "true"])
def test_force_counts_no_photo_that_the_caller_may_not_decide_about(
    bearer: Bearer,
    worker: User,
    other_worker: User,
    place: StorageLocation,
    other_place: StorageLocation,
    force: str,
) -> None:
    first = send(bearer(worker), at=place)
    booked = finish(first)
    second = send(bearer(other_worker), at=other_place, force=force)
    assert second["image_id"] != first["image_id"]
    booked.refresh_from_db()
    assert (booked.storage_location, booked.image.sessions.count()) == (place, 1)


def test_force_with_a_place_recounts_there_for_the_owner_and_for_a_supervisor(
    bearer: Bearer, worker: User, supervisor: User, place: StorageLocation, other_place: StorageLocation
) -> None:
    first = send(bearer(worker), at=place)
    finish(first)
    for user, at in ((worker, other_place), (supervisor, place)):
        send(bearer(user), at=at, force="true")
        assert count_of(first).storage_location == at
        finish(first)
    assert Image.objects.count() == 1


# ── a place that is named now ────────────────────────────────────────────────────────────────────────
def test_a_named_place_answers_a_photo_that_waits_for_one(
    bearer: Bearer, worker: User, place: StorageLocation
) -> None:
    client = bearer(worker)
    first = send(client)
    assert finish(first).warnings == ["needs_location"]
    again = send(client, at=place)
    session = count_of(first)
    assert (again["status"], again["duplicate_of"]) == ("completed", first["image_id"])
    assert (session.attempt, session.storage_location, session.booking_state) == (1, place, "booked")
    assert session.image.status == "ready"
    assert place.batches.get().quantity_current == 7
    assert "warnings" not in again


def test_a_named_place_answers_a_count_that_still_runs(
    bearer: Bearer, worker: User, place: StorageLocation
) -> None:
    client = bearer(worker)
    first = send(client)
    assert send(client, at=place)["status"] == "pending"
    assert finish(first).storage_location == place


def test_a_contradiction_is_said_in_the_job_and_moves_nothing(
    bearer: Bearer, worker: User, place: StorageLocation, other_place: StorageLocation
) -> None:
    client = bearer(worker)
    first = send(client, at=place)
    finish(first)
    again = send(client, at=other_place)
    assert again["warnings"] == ["duplicate_elsewhere"]
    assert count_of(first).storage_location == place
    followed = client.get(f"/api/v1/photos/jobs/{again['job_id']}/status").json()
    assert followed["warnings"][-1] == "duplicate_elsewhere"
    assert followed["result"]["storage_location_id"] == place.pk
    first_job = client.get(f"/api/v1/photos/jobs/{first['job_id']}/status").json()
    assert "duplicate_elsewhere" not in first_job["warnings"]


def test_a_single_photo_is_answered_with_the_contradiction(
    bearer: Bearer, worker: User, place: StorageLocation, other_place: StorageLocation
) -> None:
    finish(send(bearer(worker), at=place))
    answer = bearer(worker).post(
        "/api/v1/stock/photo",
        {"file": photo_file(1), "storage_location_id": other_place.pk},
        format="multipart",
        headers={"accept-language": "en"},
    )
    assert answer.status_code == 202
    assert "at another place" in answer.json()["message"]


def test_a_contradiction_is_gone_once_the_photo_is_moved(
    bearer: Bearer, worker: User, place: StorageLocation, other_place: StorageLocation
) -> None:
    first = send(bearer(worker), at=place)
    finish(first)
    again = send(bearer(worker), at=other_place)
    ProcessingSession.objects.update(storage_location=other_place)
    assert UploadJob.objects.get(pk=again["job_id"]).warnings == count_of(first).warnings


def test_the_page_of_an_upload_says_where_the_photo_stands(
    bearer: Bearer, client: Any, worker: User, place: StorageLocation, other_place: StorageLocation
) -> None:
    finish(send(bearer(worker), at=place))
    send(bearer(worker), at=other_place)
    client.force_login(worker)
    upload = UploadSession.objects.order_by("created_at").last()
    page = client.get(f"/uploads/{upload.pk}/", headers={"accept-language": "en"})
    assert f"It was counted before at {place} and stays there." in page.content.decode()


# ── copies that nobody knows to be copies ────────────────────────────────────────────────────────────
def copy_at(owner: User, location: StorageLocation | None, **fields: Any) -> ProcessingSession:
    """A count of the photo that all of this test share, uploaded by this user."""
    image = store_photo(owner, sha256="a" * 64, **fields)
    return finish_count(open_session(image=image, user=owner, location=location))


def is_contradicted(count: ProcessingSession) -> bool:
    place = count.storage_location
    assert place is not None
    return count.pk in contradicted_by_copies(place, [count])


def test_the_later_of_two_copies_at_different_places_contradicts(
    worker: User, other_worker: User, place: StorageLocation, other_place: StorageLocation
) -> None:
    first, second = copy_at(worker, place), copy_at(other_worker, other_place)
    assert [is_contradicted(count) for count in (first, second)] == [False, True]


@pytest.mark.parametrize("case", ["same place", "no place", "in the trash", "an analysis", "other bytes"])
def test_copies_that_contradict_nothing(
    worker: User, other_worker: User, place: StorageLocation, other_place: StorageLocation, case: str
) -> None:
    first = copy_at(worker, None if case == "no place" else place)
    changes: dict[str, dict[str, Any]] = {
        "in the trash": {"deleted_at": first.created_at},
        "an analysis": {"with_inventory": False},
        "other bytes": {"sha256": "b" * 64},
    }
    Image.objects.filter(pk=first.image_id).update(**changes.get(case, {"source": "api"}))
    second = copy_at(other_worker, place if case == "same place" else other_place)
    assert not is_contradicted(second)


def test_a_copy_is_where_its_newest_count_says(
    worker: User, other_worker: User, place: StorageLocation, other_place: StorageLocation
) -> None:
    first, second = copy_at(worker, place), copy_at(other_worker, other_place)
    finish_count(open_session(image=first.image, user=worker, location=other_place))
    assert not is_contradicted(second)
