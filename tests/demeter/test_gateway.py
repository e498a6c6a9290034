"""The gateway in one process, around an application that the test holds in its hands."""

import asyncio
import errno
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from demeter.serving import bodies
from demeter.serving.bodies import BodyRule
from demeter.serving.gateway import Gateway, Limits
from demeter.serving.middleware import REFUSAL_KEY

PATIENCE_S = 30.0
FORM = BodyRule(max_bytes=1_000_000, total_s=PATIENCE_S, stall_s=PATIENCE_S, stall_bytes=0)


class Application:
    """Answers 200 with the body that it got, or the status and code of a refusal; waits while it is `held`."""

    def __init__(self) -> None:
        self.is_free = threading.Event()
        self.is_free.set()
        self.asked: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.asked.append(environ["PATH_INFO"])
        refusal = environ.get(REFUSAL_KEY)
        if refusal is not None:
            start_response(f"{refusal.status} Refused", [])
            return [refusal.code.encode()]
        if environ["PATH_INFO"] != "/healthz":
            assert self.is_free.wait(PATIENCE_S)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["wsgi.input"].read()]


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
def gateway(application: Application, tmp_path: Path) -> Iterator[Callable[..., Gateway]]:
    made = []

    def make(**limits: Any) -> Gateway:
        given = {
            "threads": 2, "waiting": 100, "awaited": 10, "spool_bytes": 10**9, "answer_stall_s": PATIENCE_S,
            "form": FORM, "upload": FORM,
        }  # fmt: skip
        made.append(Gateway(application, spool_root=tmp_path, limits=Limits(**{**given, **limits})))
        return made[-1]

    yield make
    for web in made:
        web.close()


async def ask(
    gateway: Gateway, path: str, *parts: bytes, announced: int | None = None, is_gone: bool = False
) -> tuple[int, bytes]:
    """Send a request with this body; after its last part a client that has announced more says nothing, or is gone."""
    length = sum(map(len, parts)) if announced is None else announced
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    if announced is None and messages:
        messages[-1]["more_body"] = False
    if is_gone:
        messages.append({"type": "http.disconnect"})
    answer: dict[str, Any] = {"body": b""}

    async def receive() -> Mapping[str, Any]:
        if messages:
            return messages.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer["status"] = message["status"]
        else:
            answer["body"] += message["body"]

    scope = {
        "type": "http", "http_version": "1.1", "method": "POST" if length else "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "client": ("127.0.0.1", 1), "server": ("a", 80),
        "headers": [(b"content-length", str(length).encode())] if length else [],
    }  # fmt: skip
    await gateway(scope, receive, send)
    return answer["status"], answer["body"]


def test_health_is_answered_while_every_thread_waits(
    gateway: Callable[..., Gateway], application: Application
) -> None:
    async def play() -> tuple[int, bytes]:
        web = gateway()
        application.is_free.clear()
        others = [asyncio.create_task(ask(web, "/")) for _ in range(5)]
        try:
            return await asyncio.wait_for(ask(web, "/healthz"), PATIENCE_S)
        finally:
            application.is_free.set()
            await asyncio.gather(*others)

    assert asyncio.run(play())[0] == 200


def test_beyond_what_may_wait_new_requests_are_refused_and_the_others_go_on(
    gateway: Callable[..., Gateway], application: Application
) -> None:
    async def play() -> tuple[tuple[int, bytes], list[tuple[int, bytes]]]:
        web = gateway(waiting=3)
        application.is_free.clear()
        others = [asyncio.create_task(ask(web, "/")) for _ in range(3)]
        await asyncio.sleep(0)  # they have begun to wait
        try:
            refused = await asyncio.wait_for(ask(web, "/"), PATIENCE_S)
        finally:
            application.is_free.set()
        return refused, await asyncio.gather(*others)

    refused, others = asyncio.run(play())
    assert refused == (503, b"server_busy")
    assert {status for status, _body in others} == {200}


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 64 * 1024 + 1, 500_000], ids=str)
def test_a_body_arrives_as_it_was_sent_in_memory_and_on_disk(
    gateway: Callable[..., Gateway], size: int, tmp_path: Path
) -> None:
    body = bytes(number % 251 for number in range(size))
    pieces = [body[start : start + 10_000] for start in range(0, size, 10_000)]
    assert asyncio.run(ask(gateway(), "/", *pieces)) == (200, body)
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lock"] == []


def test_an_answer_above_a_megabyte_is_sent_whole(gateway: Callable[..., Gateway]) -> None:
    large = BodyRule(max_bytes=5_000_000, total_s=PATIENCE_S, stall_s=PATIENCE_S, stall_bytes=0)
    body = bytes(3_000_000)
    assert asyncio.run(ask(gateway(form=large), "/", body)) == (200, body)


def test_bodies_have_so_much_of_the_disk_together_and_give_it_back(gateway: Callable[..., Gateway]) -> None:
    async def play() -> list[tuple[int, bytes]]:
        web = gateway(spool_bytes=250_000)
        return [await ask(web, "/", bytes(size)) for size in (200_000, 300_000, 200_000)]

    statuses = [status for status, _body in asyncio.run(play())]
    assert statuses == [200, 503, 200]


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        pytest.param(errno.ENOSPC, (507, b"disk_full"), id="full"),
        pytest.param(errno.EIO, (503, b"disk_unavailable"), id="broken"),
    ],
)
def test_a_disk_that_fails_is_said(
    gateway: Callable[..., Gateway],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    answer: tuple[int, bytes],
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(bodies.tempfile, "TemporaryFile", fail)
    assert asyncio.run(ask(gateway(), "/", bytes(200_000))) == answer


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(BodyRule(1000, total_s=0.05, stall_s=PATIENCE_S, stall_bytes=0), id="the whole"),
        pytest.param(BodyRule(1000, total_s=PATIENCE_S, stall_s=0.05, stall_bytes=10), id="a stretch of it"),
    ],
)
def test_each_deadline_ends_a_body(
    gateway: Callable[..., Gateway], application: Application, rule: BodyRule
) -> None:
    assert asyncio.run(ask(gateway(form=rule), "/", b"abc", announced=10)) == (408, b"request_too_slow")
    assert application.asked == ["/"], "Django was asked for the refusal alone"


def test_a_body_that_breaks_off_reaches_no_view(
    gateway: Callable[..., Gateway], application: Application
) -> None:
    answer = asyncio.run(ask(gateway(), "/", b"abc", announced=10, is_gone=True))
    assert answer == (400, b"request_incomplete")
    assert application.asked == ["/"], "Django was asked for the refusal alone"


def test_requests_that_come_at_once_share_one_folder(gateway: Callable[..., Gateway], tmp_path: Path) -> None:
    web, barrier = gateway(), threading.Barrier(8)

    def folder(_number: int) -> Path:
        barrier.wait(PATIENCE_S)
        return web.folder

    with ThreadPoolExecutor(8) as threads:
        folders = set(threads.map(folder, range(8)))
    assert len(folders) == 1
    assert list(tmp_path.glob("web-*")) == list(folders)
