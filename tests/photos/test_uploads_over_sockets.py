"""Uploads through the real web server: odd parts, chunks, a killed process, and a browser whose session has ended."""

import json
import os
import re
import signal
import sqlite3
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import pytest

from demeter.demo.accounts import WORKER
from tests.photos.factories import picture_bytes
from tests.support.waiting import reached
from tests.support.web import (
    BOUNDARY,
    RawAnswer,
    Web,
    chunked,
    form,
    head,
    read_answer,
    running_web,
    upload_head,
)

SLOW_MACHINE_S = 120.0


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with running_web(tmp_path_factory.mktemp("web")) as running:
        yield running


def send(web: Web, token: str, body: bytes, **headers: str) -> RawAnswer:
    return web.ask(upload_head(token, Content_Length=str(len(body)), **headers) + body)


def jobs_of(answer: RawAnswer) -> list[dict[str, Any]]:
    assert answer.status == 202, answer
    found: list[dict[str, Any]] = json.loads(answer.body)["jobs"]
    return found


@pytest.mark.parametrize("is_chunked", [False, True])
def test_every_part_becomes_a_job_however_its_body_is_sent(web: Web, is_chunked: bool) -> None:
    first = 10 if is_chunked else 20
    body = form({f"{n}.jpg": picture_bytes(first + n) for n in range(3)})
    body = body.replace(b'filename="0.jpg"', b'filename="ca\xf1on.jpg"').replace(b'; filename="1.jpg"', b"")
    token = web.token()
    if is_chunked:
        answer = web.ask(upload_head(token, Transfer_Encoding="chunked") + chunked(body))
    else:
        answer = send(web, token, body, Content_Type=f"Multipart/Form-Data; boundary={BOUNDARY}")
    assert [job["filename"] for job in jobs_of(answer)] == ["cañon.jpg", "photo", "2.jpg"]


def test_a_web_process_killed_during_a_keyed_upload_frees_the_key_at_once(web: Web) -> None:
    """The upload hangs in the process, for somebody else writes to the database; then the process is killed."""
    token, body = web.token(), form({"a.jpg": picture_bytes(31)})
    keyed = {"Idempotency_Key": "walk-1"}
    with sqlite3.connect(web.home / "demeter.sqlite3", isolation_level=None) as database:
        database.execute("BEGIN IMMEDIATE")
        with web.connect() as connection:
            connection.sendall(upload_head(token, Content_Length=str(len(body)), **keyed) + body)
            assert reached(lambda: any((web.home / "locks").glob("*")), within_s=SLOW_MACHINE_S)
            while_it_ran = send(web, token, body, **keyed)
            for pid in web.pids():
                os.kill(pid, signal.SIGKILL)
            assert read_answer(connection).status == 0
        database.execute("ROLLBACK")
    assert (while_it_ran.status, json.loads(while_it_ran.body)["code"]) == (409, "request_running")
    again = until(lambda: ask_or_nothing(web, token, body, **keyed), status=202)
    assert len(jobs_of(again)) == 1


def ask_or_nothing(web: Web, token: str, body: bytes, **headers: str) -> RawAnswer:
    """The answer, or one of status 0 while the server is being started again."""
    try:
        return send(web, token, body, **headers)
    except OSError:
        return RawAnswer(0, "", b"", 0)


def until(ask: Callable[[], RawAnswer], *, status: int) -> RawAnswer:
    """The first answer with this status."""
    answers: list[RawAnswer] = []

    def has_status() -> bool:
        answers.append(ask())
        return answers[-1].status == status

    assert reached(has_status, within_s=SLOW_MACHINE_S), answers[-1]
    return answers[-1]


def test_photos_sent_after_the_session_had_ended_are_not_received_and_the_upload_page_says_so(
    web: Web,
) -> None:
    """The server refuses the body unread, so it knows no names."""
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    body = form({"a.jpg": picture_bytes(41)})
    refused = web.ask(
        head("POST", "/uploads/", Content_Type=content_type, Content_Length=str(len(body))) + body
    )
    assert (refused.status, refused.header("Location")) == (302, "/sign-in/?next=/uploads/")
    cookies = cookies_of(refused)
    page = web.ask(head("GET", "/sign-in/?next=/uploads/", Cookie=cookies))
    cookies = "; ".join(filter(None, [cookies, cookies_of(page)]))
    [token] = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.body.decode())[:1]
    given = f"username={WORKER.email}&password={WORKER.password}&next=/uploads/&csrfmiddlewaretoken={token}".encode()
    signed_in = web.ask(
        head(
            "POST",
            "/sign-in/",
            Cookie=cookies,
            Content_Type="application/x-www-form-urlencoded",
            Content_Length=str(len(given)),
        )
        + given
    )
    assert (signed_in.status, signed_in.header("Location")) == (302, "/uploads/")
    cookies = "; ".join([cookies, cookies_of(signed_in)])
    upload_page = web.ask(head("GET", "/uploads/", Cookie=cookies, Accept_Language="en"))
    assert upload_page.status == 200
    note = re.search(r"<section[^>]*data-not-taken[^>]*>", upload_page.body.decode())
    assert note is not None
    assert "hidden" not in note[0]


def test_a_chunk_larger_than_any_form_is_taken_and_one_that_breaks_off_has_not_arrived(web: Web) -> None:
    photo = picture_bytes(51) + bytes(3 * 1024**2)
    tus = {"Authorization": f"Bearer {web.token()}", "Tus_Resumable": "1.0.0"}
    begun = web.ask(head("POST", "/api/v1/uploads", Upload_Length=str(len(photo)), Content_Length="0", **tus))
    url = urlsplit(begun.header("Location")).path
    chunk = {
        "Content_Type": "application/offset+octet-stream",
        "Content_Length": str(len(photo)),
        "Upload_Offset": "0",
        **tus,
    }
    assert begun.status == 201
    with web.connect() as connection:
        connection.sendall(head("PATCH", url, **chunk) + photo[: len(photo) // 2])
    assert web.ask(head("HEAD", url, **tus)).header("Upload-Offset") == "0"
    astray = web.ask(head("PATCH", url, **{**chunk, "Upload_Offset": "7", "Expect": "100-continue"}))
    assert (astray.status, json.loads(astray.body)["code"]) == (409, "offset_mismatch"), "before its body"

    sent = web.ask(head("PATCH", url, **chunk) + photo)
    assert (sent.status, sent.header("Upload-Offset")) == (204, str(len(photo)))
    asked = web.ask(head("GET", url, **tus))
    assert json.loads(asked.body)["job"]["status"] == "pending"


def cookies_of(answer: RawAnswer) -> str:
    jar = SimpleCookie()
    for line in re.findall(r"^set-cookie: (.*)\r$", answer.head, re.MULTILINE | re.IGNORECASE):
        jar.load(line)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items())


@pytest.mark.parametrize("path", ["/sign-in/", "/healthz", "/api/v1/schema"])
def test_head_is_answered_without_a_body(web: Web, path: str) -> None:
    answer = web.ask(head("HEAD", path))
    assert (answer.status, answer.body) == (200, b"")
