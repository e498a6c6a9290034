"""How requests come in: slow clients keep nobody waiting, and a body is believed only when it has arrived whole."""

import json
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.support.waiting import is_running, reached
from tests.support.web import (
    BOUNDARY,
    Web,
    chunked,
    form,
    head,
    read_answer,
    running_web,
    upload_head,
)

SLOW_CLIENTS = 200
DEADLINE_S = 60.0  # of the slow, in this server
PATIENCE_S = 60.0  # for an answer, on a machine that does other things too
LOGIN = b'{"username": "worker@example.com", "password": "worker"}'


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    deadlines = {
        "HEADER_TIMEOUT_S": str(DEADLINE_S),
        "FORM_BODY_TIMEOUT_S": str(DEADLINE_S),
        "UPLOAD_STALL_S": str(DEADLINE_S),
    }
    with running_web(tmp_path_factory.mktemp("web"), deadlines) as server:
        yield server


@pytest.fixture(scope="module")
def hasty_web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The same with deadlines that a test can wait for."""
    deadlines = {
        "HEADER_TIMEOUT_S": "1",
        "FORM_BODY_TIMEOUT_S": "1",
        "UPLOAD_STALL_S": "1",
        "UPLOAD_STALL_BYTES": "1000",
    }
    with running_web(tmp_path_factory.mktemp("hasty"), deadlines) as server:
        yield server


def photo(size_px: int = 300) -> bytes:
    buffer = BytesIO()
    Image.frombytes("RGB", (size_px, size_px), secrets.token_bytes(3 * size_px**2)).save(buffer, "JPEG")
    return buffer.getvalue()


def login_head(**headers: str) -> bytes:
    return head("POST", "/api/v1/auth/login", Content_Type="application/json", **headers)


def rows(web: Web) -> list[int]:
    tables = ("upload_sessions", "upload_jobs", "s3_images", "idempotency_keys")
    return [web.value(f"SELECT count(*) FROM {table}") for table in tables]  # noqa: S608 - our own names


def slow_requests(token: str) -> list[bytes]:
    """Beginnings of requests, of every kind that a body or header can be held back in."""
    body = form({"slow.jpg": photo()})
    return [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half",
        upload_head(token, Content_Length=str(len(body))) + body[:1000],
        upload_head(token, Transfer_Encoding="chunked") + b"3e8\r\n" + body[:500],
        upload_head(token, Content_Length="500000000"),
        upload_head(None, Content_Length="600000000"),
        head("POST", "/login", Content_Length="500"),
        head("POST", "/sign-in/", Content_Length="500") + b"username=",
        b"",
    ]


@pytest.fixture
def slow_clients(web: Web) -> Iterator[list[socket.socket]]:
    """Two hundred clients in the middle of a request."""
    beginnings = slow_requests(web.token())
    with ExitStack() as stack:
        clients = []
        for number in range(SLOW_CLIENTS):
            client = stack.enter_context(web.connect())
            client.sendall(beginnings[number % len(beginnings)])
            clients.append(client)
        yield clients


def test_others_are_answered_while_two_hundred_slow_clients_hold(
    web: Web, slow_clients: list[socket.socket]
) -> None:
    body = form({"claro.jpg": photo()})
    began_at = time.monotonic()
    answers = {
        "page": web.ask(head("GET", "/sign-in/")),
        "health": web.ask(head("GET", "/healthz")),
        "login": web.ask(login_head(Content_Length=str(len(LOGIN))) + LOGIN),
        "upload": web.ask(upload_head(web.token(), Content_Length=str(len(body))) + body),
    }
    took_s = time.monotonic() - began_at
    statuses = {name: answer.status for name, answer in answers.items()}
    assert statuses == {"page": 200, "health": 200, "login": 200, "upload": 202}
    assert took_s < DEADLINE_S, "they were answered only when the slow ones had been given up"


@pytest.mark.parametrize("number", [0, 1, 2, 3, 5, 6, 7], ids=str)
def test_a_slow_client_is_given_up_by_the_deadline(hasty_web: Web, number: int) -> None:
    """Also one that sends a byte now and then."""
    request = slow_requests(hasty_web.token())[number]
    with hasty_web.connect() as client:
        stopped = threading.Event()

        def trickle() -> None:
            with suppress(OSError):  # the server has closed
                while not stopped.wait(0.3):
                    client.sendall(b"x")

        client.sendall(request)
        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            answer = read_answer(client)
        finally:
            stopped.set()
            thread.join()
    assert answer.status in (0, 400, 408), answer.body
    assert answer.seconds < PATIENCE_S
    assert reached(lambda: hasty_web.received_files() == [])


def test_a_body_too_slow_is_answered_in_the_form_of_its_address(hasty_web: Web) -> None:
    slow = {"Content_Length": "500", "Accept_Language": "en"}
    api = hasty_web.ask(login_head(**slow) + b"{")
    assert (api.status, api.header("Connection")) == (408, "close")
    said = json.loads(api.body)
    assert said["code"] == "request_too_slow"
    assert said["request_id"] == api.header("X-Request-Id")
    assert "too slowly" in said["error"]
    older = hasty_web.ask(head("POST", "/login", Content_Length="500", Accept_Language="es"))
    assert (older.status, list(json.loads(older.body))) == (408, ["detail"])
    assert "too slowly" in json.loads(older.body)["detail"], "these clients know English only"
    page = hasty_web.ask(head("POST", "/sign-in/", Content_Length="500", Accept_Language="es"))
    assert page.status == 408
    assert page.header("Content-Type").startswith("text/html")
    assert "demasiado lento" in page.body.decode()


def test_who_is_not_signed_in_is_told_before_the_body_is_read(web: Web) -> None:
    with web.connect() as client:
        client.sendall(upload_head(None, Content_Length="600000000"))
        first = client.recv(65536).decode()  # comes although no byte of the body was sent
    assert first.startswith("HTTP/1.1 401 ")
    assert "www-authenticate: Bearer" in first.replace("WWW-Authenticate", "www-authenticate")
    assert "connection: close" in first.lower()


def test_a_client_that_asks_first_is_not_told_to_go_on(web: Web) -> None:
    answer = web.ask(upload_head(None, Content_Length="600000000", Expect="100-continue"))
    assert answer.status == 401
    assert json.loads(answer.body)["code"] == "not_authenticated"
    with web.connect() as client:
        body = form({"asked.jpg": photo()})
        client.sendall(upload_head(web.token(), Content_Length=str(len(body)), Expect="100-continue"))
        assert client.recv(1000).startswith(b"HTTP/1.1 100 ")
        client.sendall(body)
        assert read_answer(client).status == 202


def test_the_page_leads_whoever_is_not_signed_in_to_the_sign_in(web: Web) -> None:
    """Also a browser that reads no answer before it has sent everything."""
    body = form({"lost.jpg": secrets.token_bytes(3_000_000)})
    kind = f"multipart/form-data; boundary={body[2:14].decode()}"
    answer = web.ask(head("POST", "/uploads/", Content_Type=kind, Content_Length=str(len(body))) + body)
    assert (answer.status, answer.header("Location")) == (302, "/sign-in/?next=/uploads/")


def test_a_body_too_large_is_refused_by_what_it_announces(web: Web) -> None:
    answer = web.ask(upload_head(web.token(), Content_Length="600000000"))
    assert answer.status == 413
    said = json.loads(answer.body)
    assert (said["code"], said["detail"]) == ("request_too_large", {"limit_bytes": 500 * 1024**2})
    assert web.ask(login_head(Content_Length="3000000")).status == 413


def test_a_chunked_body_too_large_is_refused_when_it_has_become_so(web: Web) -> None:
    answer = web.ask(login_head(Transfer_Encoding="chunked") + chunked(b" " * 3_000_000, 50_000))
    assert answer.status == 413
    assert reached(lambda: web.received_files() == [])


def test_a_chunked_upload_is_taken(web: Web) -> None:
    body = form({"one.jpg": photo(), "two.jpg": photo()})
    answer = web.ask(upload_head(web.token(), Transfer_Encoding="chunked") + chunked(body))
    assert answer.status == 202
    assert [job["filename"] for job in json.loads(answer.body)["jobs"]] == ["one.jpg", "two.jpg"]


@pytest.mark.parametrize("is_chunked", [False, True], ids=["announced", "chunked"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.999], ids=str)
@pytest.mark.parametrize("says_so", [False, True], ids=["gone", "waits for the answer"])
def test_a_body_that_breaks_off_leaves_nothing(
    web: Web, is_chunked: bool, share: float, says_so: bool
) -> None:
    before, staged = rows(web), web.staged_files()
    body = form({f"{number}.jpg": photo(400) for number in range(3)})
    given = {"Idempotency_Key": secrets.token_hex(8)}
    if is_chunked:
        request, sent = upload_head(web.token(), Transfer_Encoding="chunked", **given), chunked(body)
    else:
        request, sent = upload_head(web.token(), Content_Length=str(len(body)), **given), body
    before = rows(web)
    with web.connect() as client:
        client.sendall(request + sent[: int(share * len(sent))])
        if says_so:
            client.shutdown(socket.SHUT_WR)
            answer = read_answer(client)
            assert (answer.status, json.loads(answer.body)["code"]) == (400, "request_incomplete")
    assert reached(lambda: web.received_files() == [])
    # The same request, whole and with the same key, is taken: nothing of the first was kept.
    assert (rows(web), web.staged_files()) == (before, staged)
    assert web.ask(request + sent).status == 202


def test_what_a_killed_process_was_receiving_is_cleared_by_the_next(web: Web) -> None:
    body = form({"lost.jpg": secrets.token_bytes(2_000_000)})
    _main, *workers = web.pids()
    with ExitStack() as stack:
        for _ in range(8):  # so that both have some
            client = stack.enter_context(web.connect())
            client.sendall(upload_head(web.token(), Content_Length=str(len(body))) + body[:1_500_000])
        folders = list((web.home / "tmp").glob("web-*"))
        assert len(folders) == len(workers)
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
    assert reached(lambda: not any(is_running(pid) for pid in workers), within_s=PATIENCE_S)
    assert reached(lambda: not any(folder.exists() for folder in folders), within_s=PATIENCE_S)
    assert reached(lambda: _answers(web), within_s=PATIENCE_S)


def test_static_files_parts_of_them_and_missing_pages_are_answered_as_ever(web: Web) -> None:
    icon = "/static/demeter/img/rosette.svg"
    whole = web.ask(head("GET", icon))
    assert (whole.status, whole.header("Content-Type")) == (200, "image/svg+xml")
    part = web.ask(head("GET", icon, Range="bytes=10-29"))
    assert (part.status, part.body) == (206, whole.body[10:30])
    bodiless = web.ask(head("HEAD", icon))
    assert (bodiless.status, bodiless.body) == (200, b"")
    assert bodiless.header("Content-Length") == str(len(whole.body))
    missing = web.ask(head("GET", "/api/v1/nothing", X_Request_Id="of-the-client"))
    assert (missing.status, json.loads(missing.body)["request_id"]) == (404, "of-the-client")


def test_a_header_with_underscores_cannot_pass_for_the_one_with_dashes(web: Web) -> None:
    raw = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX_Request_Id: of-a-stranger\r\n\r\n"
    assert web.ask(raw).header("X-Request-Id") != "of-a-stranger"


def _answers(web: Web) -> bool:
    with suppress(OSError):
        return web.ask(head("GET", "/healthz")).status == 200
    return False


def test_folders_of_the_living_are_left_alone(web: Web) -> None:
    from demeter.serving.spool import SpoolFolder

    living = {path.name for path in (web.home / "tmp").glob("web-*")}
    mine = SpoolFolder(web.home / "tmp")
    names = {path.name for path in Path(web.home / "tmp").glob("web-*")}
    mine.remove()
    assert names == living | {mine.path.name}


def test_a_form_that_cannot_be_read_is_refused_while_it_still_comes(web: Web) -> None:
    before = rows(web)
    broken = form({"a.jpg": photo()}, closed=False) + f"--{BOUNDARY}\r\nno header\r\n\r\n".encode()
    with web.connect() as client:
        client.sendall(upload_head(web.token(), Content_Length=str(len(broken) + 400_000_000)) + broken)
        client.sendall(bytes(100_000))
        answer = read_answer(client)
    assert (answer.status, answer.header("Connection")) == (400, "close")
    assert json.loads(answer.body)["code"] == "parse_error"
    assert rows(web) == before
    assert reached(lambda: web.received_files() == [])


def test_a_form_without_its_end_is_refused_however_it_is_sent(web: Web) -> None:
    before = rows(web)
    unclosed = form({"a.jpg": photo()}, closed=False)
    answer = web.ask(upload_head(web.token(), Transfer_Encoding="chunked") + chunked(unclosed))
    assert (answer.status, json.loads(answer.body)["code"]) == (400, "parse_error")
    assert rows(web) == before
    assert reached(lambda: web.received_files() == [])
