"""The demo nursery in an SQLite database: made once for all tests of a process, then copied."""

import atexit
import functools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from demeter.demo.data_dir import demo_environment
from tests.support.migrated_database import copy_database, copy_migrated_database

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
        _manage(environment, "migrate")
        _manage(environment, "shell", "-c", _LOAD)
        return
    home.mkdir(parents=True, exist_ok=True)
    copy_database(_prepared(), home / _NAME)


@functools.cache
def _prepared() -> Path:
    """A start of Django for the nursery's rows: too much to be done for each stack."""
    folder = Path(tempfile.mkdtemp(prefix="demeter-nursery-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    environment = demo_environment(folder)
    home = Path(environment["DEMETER_DATA_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    copy_migrated_database(home / _NAME)
    _manage(environment, "shell", "-c", _LOAD)
    return home / _NAME


def _manage(environment: Mapping[str, str], command: str, *arguments: str) -> None:
    call = [sys.executable, "manage.py", command, "--verbosity", "0", *arguments]
    subprocess.run(call, cwd=ROOT, env=environment, check=True)
