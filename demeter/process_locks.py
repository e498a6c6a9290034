"""Locks by name that end with the process that holds them, however it dies: by kill, crash or loss of power.

On PostgreSQL they are advisory locks of the database session, so they hold between hosts, and end when its connection
does. SQLite lives on one machine: there they are locks on files, which the kernel frees with the process.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection


@contextmanager
def process_lock(name: str) -> Iterator[bool]:
    """Hold the lock of this name while the block runs. Yields False at once, without it, if somebody else holds it.

    A thread must not take one name twice: PostgreSQL lets its session have the lock again.
    """
    digest = hashlib.sha256(name.encode())
    if connection.vendor == "postgresql":
        with _session_lock(int.from_bytes(digest.digest()[:8], "big", signed=True)) as is_held:
            yield is_held
    else:
        with _file_lock(Path(settings.DATA_HOME) / "locks" / digest.hexdigest()) as is_held:
            yield is_held


@contextmanager
def _session_lock(number: int) -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        is_held = bool(cursor.fetchone()[0])
    try:
        yield is_held
    finally:
        if is_held:
            # An error means that the connection is gone, and the lock with it.
            with suppress(OperationalError, InterfaceError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [number])


@contextmanager
def _file_lock(path: Path) -> Iterator[bool]:
    file = _locked(path)
    try:
        yield file is not None
    finally:
        if file is not None:
            path.unlink(
                missing_ok=True
            )  # before it is freed: who waits for this very file finds that it is gone
            file.close()


def _locked(path: Path) -> IO[bytes] | None:
    path.parent.mkdir(exist_ok=True)
    while True:
        file = path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        with suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                return file
        file.close()  # it was deleted between opening and locking
