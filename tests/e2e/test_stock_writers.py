"""Stock on both databases: two writers at once, and random orders of events on PostgreSQL too."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import find_postgres, running_postgres

ROOT = Path(__file__).resolve().parents[2]
SEED, OPERATIONS = 20261128, 30


@pytest.fixture(scope="module")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if find_postgres() is None:
        if os.environ.get("DEMETER_REQUIRE_SERVERS") == "1":
            pytest.fail("The stock must be tested on PostgreSQL here, but this machine lacks it.")
        pytest.skip("this machine lacks PostgreSQL")
    with running_postgres(log_dir=tmp_path_factory.mktemp("postgres")) as url:
        yield url


def run(
    arguments: list[str], database_url: str, tmp_path: Path, **env: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url, "DEMETER_DATA_HOME": str(tmp_path), **env},
        capture_output=True,
        text=True,
        check=False,  # each test looks at the exit code, and shows what was said
        timeout=900,
    )


def test_two_writers_on_sqlite_leave_what_the_evidence_says(tmp_path):
    url = f"sqlite:///{tmp_path / 'stock.sqlite3'}"
    done = run(["tests.support.stock_writers", str(SEED), str(OPERATIONS)], url, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_two_writers_on_postgresql_leave_what_the_evidence_says(postgres_url, tmp_path):
    done = run(["tests.support.stock_writers", str(SEED), str(OPERATIONS)], postgres_url, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stock_follows_the_evidence_on_postgresql(postgres_url, tmp_path):
    test = "tests/photos/services/booking/test_stock_machine.py"
    done = run(
        ["pytest", "-q", "-p", "no:cacheprovider", test], postgres_url, tmp_path, DEMETER_STOCK_EXAMPLES="3"
    )
    assert done.returncode == 0, done.stdout + done.stderr
