"""PostgreSQL is away while people ask for pages: the web server says so at once, lives, and goes on when it is back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from demeter.demo.accounts import WORKER
from tests.support.http import Browser
from tests.support.postgres import PostgresServer, find_postgres, postgres_server
from tests.support.servers import may_be_skipped
from tests.support.waiting import reached
from tests.support.web import Web, running_web

MANY = 40  # more than the web server has threads
WITHIN_S = 60.0

pytestmark = pytest.mark.skipif(
    may_be_skipped(find_postgres()), reason="PostgreSQL is missing (apt install postgresql)"
)


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[PostgresServer]:
    with postgres_server(log_dir=tmp_path / "postgres") as server:
        yield server


@pytest.fixture
def web(postgres: PostgresServer, tmp_path: Path) -> Iterator[Web]:
    with running_web(tmp_path, {"DATABASE_URL": postgres.url}) as running:
        yield running


def test_the_web_server_lives_without_its_database_and_takes_it_up_again(
    postgres: PostgresServer, web: Web
) -> None:
    person = Browser("127.0.0.1", web.port)
    person.sign_in("/sign-in/", WORKER.email, WORKER.password)
    assert person.get("/photos/").status == 200

    postgres.stop()
    with ThreadPoolExecutor(MANY) as asking:
        pages = [asking.submit(person.get, "/photos/") for _ in range(MANY)]
        health = [asking.submit(person.get, "/healthz") for _ in range(MANY)]  # with the session's cookie
        assert {answer.result(WITHIN_S).status for answer in health} == {200}
        assert {answer.result(WITHIN_S).status for answer in pages} == {503}
    ready = person.get("/readyz")
    assert ready.status == 503
    assert '"database": "OperationalError"' in ready.text
    assert "127.0.0.1" not in ready.text

    postgres.start()
    assert reached(lambda: person.get("/photos/").status == 200, within_s=WITHIN_S)
    assert {person.get("/photos/").status for _ in range(MANY)} == {200}
