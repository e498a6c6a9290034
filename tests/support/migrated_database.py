"""An SQLite database with all migrations applied: made once for each state of the migrations, then copied."""

import fcntl
import hashlib
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from django.apps import apps

from demeter.demo.data_dir import demo_environment

ROOT = Path(__file__).parents[2]
_FOLDER = ROOT / ".pytest_cache" / "migrated"


def copy_migrated_database(target: Path) -> None:
    """Write the database to `target`, whose folder exists. Whoever comes first makes it; other processes wait."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    made = _FOLDER / f"{_digest_of_migrations()}.sqlite3"
    with (_FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.is_file():
            for old in _FOLDER.glob("*.sqlite3"):
                old.unlink()
            _migrate(made)
    copy_database(made, target)


def copy_database(source: Path, target: Path) -> None:
    """Copy an SQLite database, what lies in its write-ahead log too."""
    with closing(sqlite3.connect(source)) as made, closing(sqlite3.connect(target)) as copy:
        made.backup(copy)


def _migrate(target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="demeter-migrated-") as folder:
        environment = demo_environment(Path(folder))
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        part = target.with_suffix(".part")
        part.unlink(missing_ok=True)
        copy_database(Path(environment["DEMETER_DATA_HOME"]) / "demeter.sqlite3", part)
        part.rename(target)


def _digest_of_migrations() -> str:
    """Of the migrations of all apps, other people's too."""
    files = [file for app in apps.get_app_configs() for file in Path(app.path, "migrations").glob("*.py")]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.parts[-3:]}".encode() + file.read_bytes())
    return digest.hexdigest()
