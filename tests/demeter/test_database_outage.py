"""PostgreSQL stops and comes back: processes say so at once, and go on without being started again."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer, find_postgres, postgres_server
from tests.support.servers import may_be_skipped

ROOT = Path(__file__).parents[2]
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
        return self._process.stdout.readline().strip()


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
