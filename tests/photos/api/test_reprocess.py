"""Counting a stored photo again."""

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from demeter.accounts.models import User
from photos.models import Image, ProcessingSession
from tests.conftest import Bearer
from tests.inventory.factories import StorageLocationFactory
from tests.photos.api.conftest import Upload
from tests.photos.factories import finish_count


@pytest.fixture
def url(upload: Upload) -> str:
    """Where to ask for a new count of a counted photo."""
    image_id = upload(1)["jobs"][0]["image_id"]
    finish_count(ProcessingSession.objects.get(), detected=5)
    return f"/api/v1/photos/{image_id}/reprocess"


def ask(client: APIClient, url: str, **fields: Any) -> Any:
    return client.post(url, {"reason": "blurred", **fields})


def test_a_photo_is_counted_again_under_a_new_job(client: APIClient, url: str) -> None:
    response = ask(client, url)
    answer = response.json()
    session = ProcessingSession.objects.get(attempt=2)
    assert response.status_code == 202
    assert set(answer) == {"status", "image_id", "new_job_id", "message", "poll_url"}
    assert (answer["status"], answer["image_id"]) == ("accepted", str(session.image_id))
    assert session.reason == "blurred"
    job = client.get(answer["poll_url"]).json()
    assert (job["job_id"], job["status"]) == (answer["new_job_id"], "pending")
    assert Image.objects.count() == 1


def test_it_is_refused_while_a_count_runs(client: APIClient, url: str) -> None:
    ask(client, url)
    response = ask(client, url)
    assert (response.status_code, response.json()["code"]) == (409, "already_running")
    assert ProcessingSession.objects.count() == 2


def test_a_place_can_be_named_with_it(client: APIClient, url: str) -> None:
    place = StorageLocationFactory()
    assert ask(client, url, storage_location_id=place.pk).status_code == 202
    assert ProcessingSession.objects.get(attempt=2).storage_location == place
    response = ask(client, url, storage_location_id=place.pk + 1)
    assert (response.status_code, response.json()["code"]) == (400, "unknown_location")


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 501}])
def test_a_reason_is_asked_for(client: APIClient, url: str, body: dict[str, str]) -> None:
    response = client.post(url, body)
    assert (response.status_code, list(response.json()["detail"])) == (400, ["reason"])


def test_workers_count_their_own_photos_again_and_supervisors_all(
    bearer: Bearer, url: str, other_worker: User, viewer: User, supervisor: User
) -> None:
    people = (other_worker, viewer, supervisor)
    assert [ask(bearer(user), url).status_code for user in people] == [404, 403, 202]


def test_unknown_photos_and_those_in_the_trash_are_404(client: APIClient, url: str, worker: User) -> None:
    assert ask(client, f"/api/v1/photos/{uuid4()}/reprocess").status_code == 404
    Image.objects.update(deleted_at=timezone.now(), deleted_by=worker)
    assert ask(client, url).status_code == 404
