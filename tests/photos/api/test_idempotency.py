"""Idempotency-Key: a request that is sent twice is done once."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from demeter.accounts.models import User
from photos.models import IdempotencyKey, ProcessingSession, UploadSession
from photos.services import idempotency
from tests.conftest import Bearer
from tests.photos.factories import finish_count, photo_file, picture_bytes

URL = "/api/v1/photos/upload"


def send(client: APIClient, number: int = 1, *, key: str = "walk-1", url: str = URL, **fields: Any) -> Any:
    body = {"files": photo_file(number, name="IMG.jpg"), **fields}
    return client.post(url, body, format="multipart", headers={"Idempotency-Key": key})


def test_the_same_request_gets_the_first_answer_and_is_done_once(client: APIClient) -> None:
    first, second = send(client), send(client)
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert UploadSession.objects.count() == 1


def test_a_client_may_choose_a_new_boundary_when_it_repeats(client: APIClient) -> None:
    answers = [
        client.generic(
            "POST",
            URL,
            f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'.encode()
            + picture_bytes()
            + f"\r\n--{boundary}--\r\n".encode(),
            content_type=f"multipart/form-data; boundary={boundary}",
            headers={"Idempotency-Key": "walk-1"},
        )
        for boundary in ("first", "second")
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize(
    "other",
    [pytest.param({"number": 2}, id="another file"), pytest.param({"notes": "x"}, id="another field")],
)
def test_the_key_with_another_body_is_422(client: APIClient, other: dict[str, Any]) -> None:
    send(client)
    response = send(client, **other)
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert UploadSession.objects.count() == 1


def test_the_key_while_the_first_request_runs_is_409(client: APIClient) -> None:
    send(client)
    IdempotencyKey.objects.update(response_status=None, response_body=None)
    response = send(client)
    assert (response.status_code, response.json()["code"], response["Retry-After"]) == (
        409,
        "request_running",
        "1",
    )


def test_a_request_that_died_does_not_hold_its_key_for_long(client: APIClient) -> None:
    send(client)
    died = timezone.now() - timedelta(minutes=11)
    IdempotencyKey.objects.update(response_status=None, response_body=None, created_at=died)
    assert send(client).status_code == 202
    assert UploadSession.objects.count() == 2


def test_a_key_belongs_to_one_user_and_one_path(
    client: APIClient, bearer: Bearer, other_worker: User
) -> None:
    first = send(client).json()
    of_another_user = send(bearer(other_worker)).json()
    on_another_path = client.post(
        "/api/v1/stock/photo",
        {"file": photo_file(1)},
        format="multipart",
        headers={"Idempotency-Key": "walk-1"},
    ).json()
    ids = {answer["upload_session_id"] for answer in (first, of_another_user, on_another_path)}
    assert len(ids) == 3


@pytest.mark.parametrize(("hours", "uploads"), [(23, 1), (25, 2)])
def test_a_key_is_kept_for_24_hours(client: APIClient, hours: int, uploads: int) -> None:
    send(client)
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=hours))
    send(client)
    assert UploadSession.objects.count() == uploads


def test_a_refusal_is_repeated_too(client: APIClient) -> None:
    first, second = (send(client, storage_location_id=999_999) for _ in range(2))
    assert first.status_code == 400
    assert second.json() == first.json()  # the same request id: it was not done again


def test_a_fault_of_ours_may_be_tried_again(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("photos.api.uploads.accept_upload", broken)
        assert send(client).status_code == 500
    assert send(client).status_code == 202


def test_a_repeated_recount_is_one_recount(client: APIClient) -> None:
    image_id = send(client).json()["jobs"][0]["image_id"]
    finish_count(ProcessingSession.objects.get())
    url = f"/api/v1/photos/{image_id}/reprocess"
    answers = [
        client.post(url, {"reason": "blurred"}, headers={"Idempotency-Key": "again"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert ProcessingSession.objects.count() == 2


def test_a_key_that_cannot_be_kept_is_refused(client: APIClient) -> None:
    response = send(client, key="k" * (idempotency.MAX_KEY_LENGTH + 1))
    assert (response.status_code, response.json()["code"]) == (400, "invalid_idempotency_key")
