"""Who wants to write to SQLite while another does: waits, for so long, and not inside a transaction."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from demeter.sqlite.base import DatabaseWrapper

SOON_S = 30.0
INSERT = "INSERT INTO photo VALUES (1)"

Open = Callable[..., DatabaseWrapper]


@pytest.fixture
def open_database(tmp_path: Path, django_db_blocker: Any) -> Iterator[Open]:
    """Opens a connection to one file, in which there is a table."""
    opened = []

    def open_it(*, timeout_s: float = SOON_S, mode: str | None = "IMMEDIATE") -> DatabaseWrapper:
        wrapper = DatabaseWrapper(
            {
                "ENGINE": "demeter.sqlite",
                "NAME": tmp_path / "db.sqlite3",
                "OPTIONS": {
                    "timeout": timeout_s,
                    "transaction_mode": mode,
                    "init_command": "PRAGMA journal_mode=WAL",
                    "check_same_thread": False,
                },
                "CONN_MAX_AGE": None,
                "CONN_HEALTH_CHECKS": False,
                "AUTOCOMMIT": True,
                "TIME_ZONE": None,
            }
        )
        wrapper.inc_thread_sharing()
        opened.append(wrapper)
        wrapper.ensure_connection()
        return wrapper

    with django_db_blocker.unblock():
        run(open_it(), "CREATE TABLE photo (id integer)")
        yield open_it
    for wrapper in opened:
        wrapper.connection.close()


def run(database: DatabaseWrapper, *statements: str) -> list[Any]:
    """The rows of the last statement."""
    with database.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall()


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param(["BEGIN IMMEDIATE", INSERT, "COMMIT"], id="transaction"),
        pytest.param([INSERT], id="statement alone"),
    ],
)
def test_a_writer_waits_until_the_one_before_has_ended(open_database: Open, statements: list[str]) -> None:
    first, second = open_database(), open_database()
    run(first, "BEGIN IMMEDIATE", INSERT)
    thread = threading.Thread(target=run, args=(second, *statements))
    thread.start()
    thread.join(0.2)
    assert thread.is_alive()
    run(first, "COMMIT")
    thread.join(SOON_S)
    assert run(first, "SELECT count(*) FROM photo") == [(2,)]


def test_who_reads_waits_for_nobody(open_database: Open) -> None:
    writer, reader = open_database(), open_database(timeout_s=0)
    run(writer, "BEGIN IMMEDIATE", INSERT)
    assert run(reader, "SELECT count(*) FROM photo") == [(0,)]


def test_the_wait_ends_with_an_error(open_database: Open) -> None:
    first, second = open_database(), open_database(timeout_s=0.1)
    run(first, "BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="database is locked"):
        run(second, INSERT)
    run(first, "ROLLBACK")
    run(second, INSERT)
    assert run(first, "SELECT count(*) FROM photo") == [(1,)]


@pytest.fixture
def _does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demeter.sqlite.base.time.sleep", lambda _s: pytest.fail("It waits."))


@pytest.mark.usefixtures("_does_not_wait")
def test_in_a_transaction_nothing_is_tried_again(open_database: Open) -> None:
    """What it has read is old by then, so SQLite would refuse it for ever."""
    first, second = open_database(), open_database()
    run(second, "BEGIN DEFERRED", "SELECT count(*) FROM photo")
    run(first, INSERT)
    with pytest.raises(OperationalError, match="database is locked"):
        run(second, INSERT)


@pytest.mark.usefixtures("_does_not_wait")
def test_other_faults_are_told_at_once(open_database: Open) -> None:
    with pytest.raises(OperationalError, match="no such table"):
        run(open_database(), "INSERT INTO plant VALUES (1)")
