"""Rules whose SQL or locks differ between databases, checked once more on PostgreSQL.

The same tests, run in a process of their own against a private server: what is refused, found or locked on SQLite
must be so there too.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.postgres import find_postgres, running_postgres

ROOT = Path(__file__).resolve().parents[2]
FILES = (
    "tests/demeter/test_odd_requests.py",
    "tests/demeter/test_process_locks.py",
    "tests/demeter/test_text_search.py",
    "tests/mlpipeline/classifier/test_batches.py",
    "tests/photos/api/test_corrections_api.py",
    "tests/photos/api/test_duplicates.py",
    "tests/photos/api/test_idempotency.py",
    "tests/photos/api/test_resumable_uploads.py",
    "tests/photos/services/booking/test_simultaneous_decisions.py",
    "tests/photos/services/corrections/test_corrections.py",
    "tests/photos/services/execution/test_simultaneous_ends.py",
    "tests/photos/test_columns.py",
)


@pytest.mark.skipif(find_postgres() is None, reason="needs PostgreSQL (apt install postgresql)")
def test_what_depends_on_the_database_holds_on_postgresql(tmp_path: Path) -> None:
    with running_postgres(log_dir=tmp_path) as url:
        environment = {**os.environ, "DATABASE_URL": url, "DEMETER_DATA_HOME": str(tmp_path / "data")}
        tests = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *FILES],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=1200,
        )
    assert tests.returncode == 0, tests.stdout[-4000:]
    assert "passed" in tests.stdout
