"""A breaker opens after faults in a row, lets one probe through, and closes when that goes well; wherever it lies."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from redis import Redis as RedisClient

from demeter.breakers import breaker as breaker_module
from demeter.breakers.breaker import DATABASE, MEMORY, ServiceBreaker, follow_row, storage_of
from demeter.breakers.row_storage import RowStorage
from demeter.breakers.storage import away_until
from demeter.errors import TemporaryError
from demeter.models import CircuitBreaker
from tests.support.redis_server import RedisServer, find_redis, redis_server
from tests.support.servers import may_be_skipped
from tests.support.waiting import reached

ROOT = Path(__file__).resolve().parents[3]
REDIS = "redis"
OPEN_S = 60.0

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(may_be_skipped(find_redis()), reason="Redis is missing (apt install redis-server)"),
]


class Away(TemporaryError):
    """The service of these tests does not answer."""


@pytest.fixture(scope="module")
def one_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(log_dir=tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis(one_server: RedisServer, settings: Any) -> RedisServer:
    """The server, empty, as the place of the breakers."""
    settings.CIRCUIT_BREAKER_STATE = f"{one_server.url}/0"
    with RedisClient.from_url(one_server.url) as client:
        client.flushall()
    return one_server


@pytest.fixture(params=[MEMORY, DATABASE, REDIS])
def place(request: pytest.FixtureRequest, settings: Any) -> str:
    """Each place that a breaker may lie in."""
    if request.param == REDIS:
        request.getfixturevalue("redis")
    else:
        settings.CIRCUIT_BREAKER_STATE = request.param
    return str(request.param)


@pytest.fixture
def breaker() -> ServiceBreaker:
    return ServiceBreaker(
        "store",
        faults=(Away,),
        proofs=(FileNotFoundError,),
        refusal=lambda seconds: Away("refused", retry_after_s=seconds),
    )


def call(breaker: ServiceBreaker, error: BaseException | None = None) -> None:
    """One call that ends so; raises what the breaker refuses with."""
    with suppress(type(error) if error is not None else ()), breaker.guard():
        if error is not None:
            raise error


def fail(breaker: ServiceBreaker, times: int) -> list[int]:
    """Let calls fail; how many faults in a row each was noted as."""
    noted = []
    for _ in range(times):
        error = Away("no answer")
        with pytest.raises(Away), breaker.guard():
            raise error
        noted.append(error.faults_in_row)
    return noted


def open_since(seconds: float) -> None:
    """Have the breaker be open for this long already."""
    storage_of("store").opened_at = datetime.now(UTC) - timedelta(seconds=seconds)


def test_five_faults_in_a_row_open_it_and_then_nothing_is_called(place: str, breaker: ServiceBreaker) -> None:
    assert fail(breaker, 5) == [1, 2, 3, 4, 5]
    called = []
    with pytest.raises(Away) as refused, breaker.guard():
        called.append(1)
    assert called == []
    assert 0 < (refused.value.retry_after_s or 0) <= OPEN_S
    with pytest.raises(Away):
        breaker.refuse_while_open()


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(None, id="a call that goes well"),
        pytest.param(FileNotFoundError("no such object"), id="a service that says no"),
    ],
)
def test_a_sign_of_life_begins_the_count_anew(
    place: str, breaker: ServiceBreaker, end: Exception | None
) -> None:
    fail(breaker, 4)
    call(breaker, end)
    assert fail(breaker, 4) == [1, 2, 3, 4]
    breaker.refuse_while_open()


def test_what_is_no_fault_of_the_service_neither_counts_nor_proves_anything(
    place: str, breaker: ServiceBreaker
) -> None:
    fail(breaker, 4)
    for _ in range(20):
        call(breaker, ValueError("a bad photo"))
    breaker.refuse_while_open()
    assert fail(breaker, 1) == [5]
    with pytest.raises(Away):
        breaker.refuse_while_open()


def test_while_one_probes_all_others_are_refused(place: str, breaker: ServiceBreaker) -> None:
    fail(breaker, 5)
    open_since(OPEN_S)
    with breaker.guard():
        for _ in range(3):
            with pytest.raises(Away), breaker.guard():
                pytest.fail("let through beside a probe")
    breaker.refuse_while_open()  # the probe went well: closed


# Not in the database: threads that share SQLite in memory, as in these tests alone, see half-made writes.
@pytest.mark.parametrize("place", [MEMORY, REDIS], indirect=True)
def test_after_its_time_one_of_many_probes_and_the_others_are_refused(
    place: str, breaker: ServiceBreaker
) -> None:
    fail(breaker, 5)
    open_since(OPEN_S)
    go_on = threading.Event()

    def ask(_number: int) -> str:
        try:
            with breaker.guard():
                go_on.wait(60)
                return "called"
        except Away:
            return "refused"

    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(ask, number) for number in range(8)]
        all_but_one = reached(lambda: sum(answer.done() for answer in asked) == 7, within_s=60)
        go_on.set()
        answers = sorted(future.result(timeout=60) for future in asked)
    assert all_but_one
    assert answers == ["called", *["refused"] * 7]
    breaker.refuse_while_open()  # the probe went well: closed
    assert fail(breaker, 1) == [1]


def test_a_probe_that_fails_opens_it_for_the_whole_time_again(place: str, breaker: ServiceBreaker) -> None:
    fail(breaker, 5)
    open_since(OPEN_S)
    fail(breaker, 1)
    with pytest.raises(Away) as refused:
        breaker.refuse_while_open()
    assert (refused.value.retry_after_s or 0) > OPEN_S - 30


def test_a_probe_that_says_nothing_lets_another_probe(place: str, breaker: ServiceBreaker) -> None:
    fail(breaker, 5)
    open_since(OPEN_S)
    call(breaker, ValueError("a bad photo"))
    call(breaker)
    assert fail(breaker, 4) == [1, 2, 3, 4]


def test_a_call_from_before_decides_nothing(place: str, breaker: ServiceBreaker) -> None:
    with breaker.guard():
        fail(breaker, 5)
    with pytest.raises(Away):
        breaker.refuse_while_open()


def test_fifty_calls_run_side_by_side(place: str, breaker: ServiceBreaker) -> None:
    together = threading.Barrier(50, timeout=60)

    def upload(_number: int) -> int:
        with breaker.guard():
            return together.wait()  # nobody passes before all fifty are inside

    with ThreadPoolExecutor(50) as threads:
        assert sorted(threads.map(upload, range(50))) == list(range(50))


def test_the_state_in_redis_has_the_name_that_others_look_for(
    redis: RedisServer, breaker: ServiceBreaker
) -> None:
    fail(breaker, 5)
    with RedisClient.from_url(redis.url, decode_responses=True) as client:
        assert client.get("circuit_breaker:store:state") == "open"
        client.set("circuit_breaker:store:state", "closed")
    breaker.refuse_while_open()


def test_the_row_follows_what_stands_in_redis(redis: RedisServer, breaker: ServiceBreaker) -> None:
    fail(breaker, 5)
    row = CircuitBreaker.objects.get(name="store")
    assert (row.state, row.faults, row.last_fault) == ("open", 5, "Away")
    opened = row.changed_at
    open_since(OPEN_S)
    fail(breaker, 1)
    row.refresh_from_db()
    assert (row.state, row.changed_at) == ("open", opened)  # a probe in vain is no change
    open_since(OPEN_S)
    call(breaker)
    row.refresh_from_db()
    assert (row.state, row.faults) == ("closed", 0)
    assert row.changed_at > opened


def test_a_redis_that_forgot_everything_has_closed_it_and_the_row_follows(
    redis: RedisServer, breaker: ServiceBreaker
) -> None:
    fail(breaker, 5)
    with RedisClient.from_url(redis.url) as client:
        client.flushall()
    breaker.refuse_while_open()
    follow_row("store")
    assert CircuitBreaker.objects.get(name="store").state == "closed"


def test_without_redis_each_process_counts_for_itself_and_says_so(
    redis: RedisServer, breaker: ServiceBreaker, caplog: pytest.LogCaptureFixture
) -> None:
    call(breaker)
    redis.stop()
    try:
        call(breaker)
        assert "The circuit breakers in Redis cannot be asked" in caplog.text
        assert "127.0.0.1" not in caplog.text
        assert fail(breaker, 5) == [1, 2, 3, 4, 5]
        with pytest.raises(Away):
            call(breaker)
        assert not CircuitBreaker.objects.filter(
            state="open"
        ).exists()  # what others do not share is not told
    finally:
        redis.start()
    away_until.clear()  # the pause is over
    call(breaker)


def test_without_a_database_each_process_counts_for_itself(
    settings: Any, breaker: ServiceBreaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CIRCUIT_BREAKER_STATE = DATABASE

    def away(self: RowStorage) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(RowStorage, "snapshot", away)
    assert fail(breaker, 5) == [1, 2, 3, 4, 5]
    with pytest.raises(Away):
        call(breaker)


@pytest.fixture
def processes(redis: RedisServer) -> Iterator[Any]:
    """Start processes that ask the store's breaker; killed at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(what: str) -> subprocess.Popen[str]:
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "tests.demeter.breakers.breaker_process",
            f"{redis.url}/0",
            what,
        ]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "demeter.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ask(process: subprocess.Popen[str]) -> str:
    """Have a process that is ready call; what came of it."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def test_one_of_two_processes_probes(processes: Any, breaker: ServiceBreaker) -> None:
    fail(breaker, 5)
    open_since(OPEN_S)
    two = [processes("probe") for _ in range(2)]
    assert [process.stdout.readline().strip() for process in two] == ["ready", "ready"]
    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(ask, two)) == ["called", "refused"]


def test_a_probe_whose_process_is_killed_is_made_again(
    processes: Any, breaker: ServiceBreaker, redis: RedisServer
) -> None:
    fail(breaker, 5)
    open_since(OPEN_S)
    process = processes("hang")
    assert process.stdout.readline().strip() == "ready"
    assert ask(process) == "called"
    process.kill()
    with pytest.raises(Away) as refused:
        call(breaker)
    assert refused.value.retry_after_s == breaker_module.PROBED_AGAIN_S
    with RedisClient.from_url(redis.url) as client:
        assert 0 < client.pttl("circuit_breaker:store:probe") <= 75_000
        client.delete("circuit_breaker:store:probe")  # that time is over
    call(breaker)
    breaker.refuse_while_open()
