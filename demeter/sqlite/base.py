"""The backend itself (ENGINE "demeter.sqlite")."""

import random
import sqlite3
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.db.backends.sqlite3 import base

POLL_S: Final = 0.01
_T = TypeVar("_T")


class PollingCursor(base.SQLiteCursorWrapper):
    """Tries a statement again while another connection writes, for as long as the option `timeout` allows.

    SQLite lets one write at a time. Its own wait is a sleep that grows to a tenth of a second, after which whoever asks
    first goes on: of fifty uploads beside workers that count, most slept for seconds while the database was free.
    """

    def execute(self, query: str, params: Any = None) -> sqlite3.Cursor:
        return self._when_free(lambda: super(PollingCursor, self).execute(query, params))

    def _when_free(self, attempt: Callable[[], _T]) -> _T:
        """Raises sqlite3.OperationalError ("database is locked") once the time is over."""
        until = time.monotonic() + self.connection.timeout_s
        while True:
            try:
                return attempt()
            except sqlite3.OperationalError as error:
                # In a transaction, what was read before might no longer be true: it has to be begun anew by its caller.
                if not _is_busy(error) or self.connection.in_transaction or time.monotonic() > until:
                    raise
            time.sleep(random.uniform(0.5, 1.5) * POLL_S)


class PollingConnection(sqlite3.Connection):
    """A connection that knows how long its cursors may wait."""

    timeout_s: float = 0.0


class DatabaseWrapper(base.DatabaseWrapper):
    """Opens such connections. While one is opened SQLite's own wait holds."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> PollingConnection:
        connection = super().get_new_connection({**conn_params, "factory": PollingConnection})
        connection.timeout_s = conn_params.get("timeout", 0.0)
        connection.execute("PRAGMA busy_timeout = 0")
        return connection

    def create_cursor(self, name: str | None = None) -> PollingCursor:
        return self.connection.cursor(factory=PollingCursor)


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY  # the lowest byte; above it stands why
