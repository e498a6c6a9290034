"""Waiting in line to write: between threads, between processes, and whatever becomes of who was before."""

import multiprocessing
import signal
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from demeter.sqlite_write_lock import sqlite_write_lock

SOON_S = 30.0


@pytest.fixture(autouse=True)
def _own_line(settings: Any, tmp_path: Path) -> None:
    settings.DATA_HOME = tmp_path


@pytest.fixture
def _many_writers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that lets many write."""
    monkeypatch.setattr(connection, "vendor", "postgresql")


def another_thread() -> tuple[threading.Thread, threading.Event]:
    """A thread that takes a turn, and whether it has had it."""
    had = threading.Event()

    def take() -> None:
        with sqlite_write_lock():
            had.set()

    thread = threading.Thread(target=take)
    thread.start()
    return thread, had


def hold_until_killed(says: Connection, data_home: Path) -> None:
    """What the other process does."""
    settings.DATA_HOME = data_home
    with sqlite_write_lock():
        says.send("held")
        signal.pause()


def test_a_writer_waits_until_the_one_before_has_ended() -> None:
    with sqlite_write_lock():
        thread, had = another_thread()
        assert not had.wait(0.2)
    thread.join(SOON_S)
    assert had.is_set()


def test_a_writer_that_fails_lets_the_next_one_go_on() -> None:
    with pytest.raises(ZeroDivisionError), sqlite_write_lock():
        raise ZeroDivisionError
    thread, had = another_thread()
    thread.join(SOON_S)
    assert had.is_set()


def test_a_process_that_is_killed_in_its_turn_lets_the_next_one_go_on(tmp_path: Path) -> None:
    hears, says = multiprocessing.Pipe(duplex=False)
    # Not forked: this process may have threads.
    holder = multiprocessing.get_context("spawn").Process(target=hold_until_killed, args=(says, tmp_path))
    holder.start()
    try:
        assert hears.poll(SOON_S)
        thread, had = another_thread()
        assert not had.wait(0.2)
    finally:
        holder.kill()
        holder.join(SOON_S)
    thread.join(SOON_S)
    assert had.is_set()


@pytest.mark.usefixtures("_many_writers")
def test_where_many_can_write_nobody_waits(tmp_path: Path) -> None:
    with sqlite_write_lock():
        assert list(tmp_path.glob("*.turn")) == []
