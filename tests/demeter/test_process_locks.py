"""A lock by name: one holder, free again when the block or its process ends."""

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import connection

from demeter.process_locks import process_lock

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db
HOLD = """
import django, sys, time
django.setup()
from demeter.process_locks import process_lock
with process_lock(sys.argv[1]) as is_held:
    print(is_held, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def environment(settings: Any) -> dict[str, str]:
    """That of another web process of this installation."""
    variables = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "demeter.settings",
        "DEMETER_DATA_HOME": str(settings.DATA_HOME),
    }
    if connection.vendor == "postgresql":  # its locks are those of one database
        server, _slash, _name = os.environ["DATABASE_URL"].rpartition("/")
        variables["DATABASE_URL"] = f"{server}/{connection.settings_dict['NAME']}"
    return variables


def held_elsewhere(name: str) -> bool:
    """Whether another thread, with a database connection of its own, finds the lock taken."""
    answers: list[bool] = []

    def attempt() -> None:
        with process_lock(name) as is_held:
            answers.append(not is_held)
        connection.close()

    thread = Thread(target=attempt)
    thread.start()
    thread.join()
    return answers[0]


def test_a_lock_has_one_holder_until_its_block_ends() -> None:
    with process_lock("a") as is_held:
        assert is_held
        assert held_elsewhere("a")
        assert not held_elsewhere("b")
    assert not held_elsewhere("a")


def test_a_block_that_fails_frees_its_lock() -> None:
    with pytest.raises(ZeroDivisionError), process_lock("a"):
        raise ZeroDivisionError
    assert not held_elsewhere("a")


def test_who_did_not_get_the_lock_does_not_free_it() -> None:
    with process_lock("a"):
        assert held_elsewhere("a")  # it tried, and its block ended
        assert held_elsewhere("a")


def test_a_killed_process_frees_its_locks_at_once(environment: dict[str, str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, "a"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        while_it_lived = held_elsewhere("a")
        process.kill()
        process.wait()
    assert while_it_lived
    if (
        connection.vendor == "postgresql"
    ):  # the server notices a moment after the kernel has closed the socket
        with connection.cursor() as cursor:
            for _attempt in range(1000):
                cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
                if cursor.fetchone()[0] == 0:
                    break
    assert not held_elsewhere("a")
