"""PostgreSQL stops and comes back: processes say so at once, and go on without being started again."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer, find_postgres, postgres_server
from tests.support.servers import may_be_skipped
from tests.support.web import head, running_web

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0  # for one answer, on a machine that does other things too
# Asks the database once for each line it reads, as one request after another would, and says how that went.
ASK = """
import sys, django
django.setup()
from django.core.signals import request_finished, request_started
from django.db import Error, connection
for line in sys.stdin:
    request_started.send(sender=None)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        print("answered", flush=True)
    except Error as error:
        print(type(error).__name__, flush=True)
    request_finished.send(sender=None)
"""

pytestmark = pytest.mark.skipif(
    may_be_skipped(find_postgres()), reason="PostgreSQL is missing (apt install postgresql)"
)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with postgres_server(log_dir=tmp_path_factory.mktemp("postgres")) as server:
        yield server


class Process:
    """A process of ours that holds its connections between questions."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        patience = threading.Timer(PATIENCE_S, self._process.kill)
        patience.start()
        try:
            return self._process.stdout.readline().strip()
        finally:
            patience.cancel()


@contextmanager
def running_process(database_url: str, home: Path, **variables: str) -> Iterator[Process]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "demeter.settings",
        "DATABASE_URL": database_url,
        "DEMETER_DATA_HOME": str(home),
        **variables,
    }
    process = subprocess.Popen(
        [sys.executable, "-c", ASK],
        cwd=ROOT, env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield Process(process)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


@pytest.mark.parametrize(
    "pool_size",
    [pytest.param("0", id="a connection for each thread"), pytest.param("10", id="a pool")],
)
def test_a_database_that_was_restarted_is_taken_up_again(
    postgres: PostgresServer, tmp_path: Path, pool_size: str
) -> None:
    with running_process(postgres.url, tmp_path, DATABASE_POOL_SIZE=pool_size) as process:
        assert process.ask() == "answered"
        postgres.stop()
        postgres.start()
        assert process.ask() == "answered"  # not one question fails
        postgres.stop()
        assert process.ask() == "OperationalError"
        postgres.start()
        assert process.ask() == "answered"


def test_a_database_that_is_frozen_is_given_up_and_taken_up_again(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    bounded = {"DATABASE_POOL_SIZE": "0", "DATABASE_ANSWER_TIMEOUT_S": "1"}
    with running_process(postgres.url, tmp_path, **bounded) as process:
        assert process.ask() == "answered"
        with postgres.frozen():
            assert process.ask() == "OperationalError"  # the connection that it had
            assert process.ask() == "OperationalError"  # a new one
        assert process.ask() == "answered"


def test_pages_and_the_api_answer_while_the_database_is_frozen(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    settings = {"DATABASE_URL": postgres.url, "DATABASE_ANSWER_TIMEOUT_S": "1"}
    with running_web(tmp_path, settings) as web:
        asked = {
            "api": head("GET", "/api/v1/photos/uploads", Authorization=f"Bearer {web.token()}"),
            "page": head("GET", "/", Cookie="sessionid=of-somebody", Accept_Language="es"),
        }
        assert web.ask(asked["api"]).status == 200
        assert web.ask(asked["page"]).status == 302
        with postgres.frozen():
            api, page = web.ask(asked["api"]), web.ask(asked["page"])
        assert (api.status, json.loads(api.body)["code"]) == (503, "database_unavailable")
        assert page.status == 503
        assert "La base de datos no responde" in page.body.decode()
        assert web.ask(asked["api"]).status == 200
