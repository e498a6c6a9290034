"""Idempotency-Key: a request that is sent twice is done once."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from demeter.accounts.models import User
from photos.models import IdempotencyKey, ProcessingSession, UploadSession
from photos.services.intake import idempotency
from tests.conftest import Bearer
from tests.photos.factories import finish_count, photo_file, picture_bytes

URL = "/api/v1/photos/upload"
ROOT = Path(__file__).resolve().parents[3]


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


def test_the_key_while_the_first_request_runs_is_409(client: APIClient, worker: User) -> None:
    has_begun, may_end = Event(), Event()

    def run_first() -> None:
        with idempotency.running(user=worker, path=URL, key="walk-1"):
            has_begun.set()
            may_end.wait(60)
        connection.close()

    first = Thread(target=run_first)  # a thread has a database connection of its own
    first.start()
    assert has_begun.wait(60)
    response = send(client)
    may_end.set()
    first.join()
    assert (response.status_code, response.json()["code"], response["Retry-After"]) == (
        409,
        "request_running",
        "1",
    )
    assert send(client).status_code == 202


def test_a_process_killed_during_a_keyed_request_frees_the_key_at_once(
    client: APIClient, worker: User, settings: Any
) -> None:
    """The request runs in a process of its own, as in a web process; SIGKILL leaves it no time to tidy up."""
    code = (
        "import django, sys, time; django.setup();"
        "from demeter.accounts.models import User; from photos.services.intake import idempotency\n"
        f"with idempotency.running(user=User(pk={worker.pk}), path={URL!r}, key='walk-1'):\n"
        "    print('running', flush=True); time.sleep(600)"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "demeter.settings",
        "DEMETER_DATA_HOME": str(settings.DATA_HOME),
    }
    if connection.vendor == "postgresql":  # its locks are those of one database
        server, _slash, _name = os.environ["DATABASE_URL"].rpartition("/")
        environment["DATABASE_URL"] = f"{server}/{connection.settings_dict['NAME']}"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        while_it_ran = send(client)
        process.kill()
        process.wait()
    assert while_it_ran.status_code == 409
    assert send(client).status_code == 202


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


@pytest.mark.parametrize(
    ("number", "fields", "code"),
    [
        pytest.param(1, {"storage_location_id": 999_999}, "unknown_location", id="a place that is not there"),
        pytest.param(1, {"notes": "x" * 501}, "invalid", id="a field that is not valid"),
    ],
)
def test_a_refusal_leaves_the_key_free(
    client: APIClient, number: int, fields: dict[str, Any], code: str
) -> None:
    refused = send(client, number, **fields)
    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert send(client, number).status_code == 202  # mended, under the same key


def test_a_request_without_a_file_leaves_the_key_free(client: APIClient) -> None:
    refused = client.post(URL, {"notes": "x"}, format="multipart", headers={"Idempotency-Key": "walk-1"})
    assert (refused.status_code, refused.json()["code"]) == (400, "no_file")
    assert send(client).status_code == 202


def test_an_answer_with_one_good_file_of_two_is_kept(client: APIClient) -> None:
    def walk() -> Any:
        files = [photo_file(1), SimpleUploadedFile("a.pdf", b"%PDF-1.7")]
        return client.post(URL, {"files": files}, format="multipart", headers={"Idempotency-Key": "walk-1"})

    first, second = walk(), walk()
    assert (first.status_code, second.status_code) == (207, 207)
    assert first.json() == second.json()
    assert UploadSession.objects.count() == 1


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
