"""Waiting in line to write, where a database lets only one write at a time.

SQLite's own wait is a sleep that grows to a tenth of a second, after which whoever wakes first goes on: of fifty
uploads at once, some slept half a second while the database was free. A lock on a file wakes the next at once, and
holds between the processes of a machine as between the threads of one.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection


@contextmanager
def sqlite_write_lock() -> Iterator[None]:
    """Hold this machine's write lock while the block runs; take it before the transaction, never inside one.

    Databases that take many writers at once need none: there the block simply runs. It is advisory: only writers that
    call it are serialised, and spared SQLite's own waiting, which sleeps longer. The kernel releases it when its
    process ends, however that ends.
    """
    if connection.vendor != "sqlite":
        yield
        return
    with (Path(settings.DATA_HOME) / "write.turn").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
