"""The demo nursery in an SQLite database: made once for all tests of a process, then copied."""

import atexit
import functools
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from demeter.demo.data_dir import demo_environment

ROOT = Path(__file__).parents[2]
_NAME = "demeter.sqlite3"
_LOAD = """
from demeter.demo.accounts import load_accounts
from inventory.demo import load_demo_nursery
load_demo_nursery()
load_accounts()
"""


def prepare_database(environment: Mapping[str, str]) -> None:
    """Put tables and the demo nursery into the database of this environment, which is new."""
    home = Path(environment["DEMETER_DATA_HOME"])
    if environment["DATABASE_URL"] != f"sqlite:///{home / _NAME}":
        _migrate_and_load(environment)
        return
    home.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(_prepared())) as made, closing(sqlite3.connect(home / _NAME)) as copy:
        made.backup(copy)


@functools.cache
def _prepared() -> Path:
    """Two starts of Django and all migrations: too much to be done for each stack."""
    folder = Path(tempfile.mkdtemp(prefix="demeter-nursery-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    environment = demo_environment(folder)
    _migrate_and_load(environment)
    return Path(environment["DEMETER_DATA_HOME"]) / _NAME


def _migrate_and_load(environment: Mapping[str, str]) -> None:
    for command in (["migrate", "--verbosity", "0"], ["shell", "--verbosity", "0", "-c", _LOAD]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)
