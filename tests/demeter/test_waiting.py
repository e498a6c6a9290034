"""Requests that wait for what another process makes, in one process, around an application that waits for names."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import RequestFactory

from demeter.serving import gateway as gateway_module
from demeter.serving import waiting
from demeter.serving.admission import META_KEY as ADMISSION
from demeter.serving.admission import LargeBody
from demeter.serving.bodies import BodyRule
from demeter.serving.gateway import Gateway, Limits
from demeter.serving.middleware import REFUSAL_KEY
from tests.demeter.test_gateway import ask

PATIENCE_S = 30.0
FORM = BodyRule(max_bytes=1_000_000, total_s=PATIENCE_S, stall_s=PATIENCE_S, stall_bytes=0)
WAITERS = 40


class Rows:
    """What another process makes ready: names. Each look at them is noted; some fail."""

    def __init__(self) -> None:
        self.ready: set[str] = set()
        self.looks: list[list[str]] = []
        self.faults = 0

    def find(self, names: Sequence[str]) -> Collection[str]:
        self.looks.append(list(names))
        if self.faults:
            self.faults -= 1
            raise OperationalError("away")
        return self.ready & set(names)


class Application:
    """Waits for the name that its body is, then answers with it, or with "late" if it is not ready."""

    def __init__(self, rows: Rows, within_s: float) -> None:
        self.rows = rows
        self.within_s = within_s
        self.is_running = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = RequestFactory().generic("POST", "/")
        request.META = environ
        if (refusal := environ.get(REFUSAL_KEY)) is not None:
            start_response(f"{refusal.status} Refused", [])
            return [refusal.code.encode()]
        asked = environ.get(ADMISSION)
        if asked is not None and not asked.is_granted:
            asked.grant()
            start_response("200 OK", [])
            return [b""]
        start_response("200 OK", [("X-Request-Id", environ.get("HTTP_X_REQUEST_ID", "first-call-id"))])
        name = waiting.awaited_key(request)
        if name is None:
            name = environ["wsgi.input"].read().decode()
            if not waiting.wait_for(request, name, find_ready=self.rows.find, within_s=self.within_s):
                return [b"dropped"]
        assert environ["wsgi.input"].read() == b"" or waiting.META_KEY not in environ
        found = name if name in self.rows.ready else "late"
        return [f"{found} {environ.get('HTTP_X_REQUEST_ID', '')}".encode()]


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def make(rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Gateway]]:
    """A gateway with two threads whose only view waits for its answer."""
    monkeypatch.setattr(
        gateway_module._Exchange,
        "_large_body",
        lambda exchange: LargeBody(max_bytes=10**6, sink_of=lambda meta: None, is_awaited=True),
    )
    made = []

    def gateway(*, within_s: float = PATIENCE_S, seats: int = 100) -> Gateway:
        limits = Limits(
            threads=2,
            waiting=100,
            spool_bytes=10**9,
            answer_stall_s=PATIENCE_S,
            awaited=seats,
            form=FORM,
            upload=FORM,
        )
        made.append(Gateway(Application(rows, within_s), spool_root=tmp_path, limits=limits))
        return made[-1]

    yield gateway
    for web in made:
        web.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - looks of another thread
            await asyncio.sleep(0.01)


def test_many_wait_at_once_on_few_threads_and_one_look_asks_for_all_of_them(make, rows):
    async def scenario() -> list[tuple[int, bytes]]:
        web = make()
        names = [f"row-{number}" for number in range(WAITERS)]
        requests = [asyncio.create_task(ask(web, "/", name.encode())) for name in names]
        await until(lambda: any(len(look) == WAITERS for look in rows.looks))
        rows.ready = set(names)
        return await asyncio.gather(*requests)

    answers = asyncio.run(scenario())
    assert answers == [(200, f"row-{number} first-call-id".encode()) for number in range(WAITERS)]


def test_each_goes_on_when_its_own_row_is_ready(make, rows):
    async def scenario() -> None:
        web = make()
        first, second = (asyncio.create_task(ask(web, "/", name)) for name in (b"first", b"second"))
        await until(lambda: any(len(look) == 2 for look in rows.looks))
        rows.ready = {"second"}
        assert (await second)[1].startswith(b"second")
        assert not first.done()
        rows.ready = {"first", "second"}
        assert (await first)[1].startswith(b"first")

    asyncio.run(scenario())


def test_when_the_time_is_up_the_view_says_so(make):
    status, body = asyncio.run(ask(make(within_s=0.05), "/", b"never"))
    assert (status, body.split()[0]) == (200, b"late")


def test_a_database_that_is_away_is_asked_again(make, rows):
    rows.faults = 2
    rows.ready = {"row"}
    assert asyncio.run(ask(make(), "/", b"row"))[1].startswith(b"row")
    assert len(rows.looks) >= 3


def test_more_than_there_are_seats_for_are_refused_and_seats_are_given_back(make, rows):
    async def scenario() -> None:
        web = make(seats=2)
        seated = [asyncio.create_task(ask(web, "/", b"row")) for _number in range(2)]
        await until(lambda: any(len(look) == 2 for look in rows.looks))
        assert await ask(web, "/", b"row") == (503, b"server_busy")
        rows.ready = {"row"}
        await asyncio.gather(*seated)
        assert (await ask(web, "/", b"row"))[0] == 200

    asyncio.run(scenario())


def test_without_a_gateway_the_thread_waits_itself(rows, monkeypatch):
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        rows.ready = {"row"}

    monkeypatch.setattr(time, "sleep", sleep)
    request = RequestFactory().post("/")
    assert waiting.wait_for(request, "row", find_ready=rows.find, within_s=PATIENCE_S)
    assert waiting.awaited_key(request) is None
    assert slept == [waiting.POLL_S]
