"""The backend itself (ENGINE "demeter.sqlite")."""

import random
import sqlite3
import time
from typing import Any, Final

from django.db.backends.sqlite3 import base

POLL_S: Final = 0.01


class PollingCursor(base.SQLiteCursorWrapper):
    """Tries a statement again while another connection writes, for up to `timeout_s`.

    SQLite lets one write at a time. Its own wait is a sleep that grows to a tenth of a second, after which whoever asks
    first goes on: of fifty uploads at once, some slept half a second while the database was free.
    """

    timeout_s: float = 0.0

    def execute(self, query: str, params: Any = None) -> Any:
        """Raises sqlite3.OperationalError ("database is locked") once the time is over."""
        until = time.monotonic() + self.timeout_s
        while True:
            try:
                return super().execute(query, params)
            except sqlite3.OperationalError as error:
                # In a transaction, what was read before might no longer be true: it has to be begun anew by its caller.
                if not _is_busy(error) or self.connection.in_transaction or time.monotonic() > until:
                    raise
            time.sleep(random.uniform(0.5, 1.5) * POLL_S)


class DatabaseWrapper(base.DatabaseWrapper):
    """Waits in such cursors, as long as the option `timeout` says. While it connects SQLite's own wait holds."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        connection: sqlite3.Connection = super().get_new_connection(conn_params)
        connection.execute("PRAGMA busy_timeout = 0")
        return connection

    def create_cursor(self, name: str | None = None) -> PollingCursor:
        cursor: PollingCursor = self.connection.cursor(factory=PollingCursor)
        cursor.timeout_s = self.settings_dict["OPTIONS"].get("timeout", 0.0)
        return cursor


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY  # the lowest byte; above it stands why
