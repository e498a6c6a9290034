"""The backend itself (ENGINE "demeter.postgresql")."""

from contextlib import suppress
from typing import Any, Final, TypeVar

import psycopg
from django.conf import settings
from django.db.backends.postgresql import base
from psycopg.abc import PQGen

_CANCEL_S: Final = 1.0
_T = TypeVar("_T")


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that is closed when the server owes it an answer for longer than DATABASE_ANSWER_TIMEOUT_S.

    The kernel of a frozen server still acknowledges what it is sent, so neither its own statement timeout nor those of
    TCP end the wait. Raises psycopg.OperationalError then.
    """

    def wait(self, gen: PQGen[_T], interval: float = 0.1, timeout: float | None = None) -> _T:
        limit_s = settings.DATABASE_ANSWER_TIMEOUT_S
        if timeout is not None or not limit_s:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, limit_s)
        except psycopg.errors._WaitTimeout as error:
            with suppress(psycopg.Error):  # one that is only slow ends what it was doing
                self.cancel_safe(timeout=_CANCEL_S)
            self.close()
            raise psycopg.OperationalError(f"The server did not answer within {limit_s:g} s.") from error


class _Psycopg:
    """The module as Django's backend uses it, with our connections."""

    connect = BoundedConnection.connect

    def __getattr__(self, name: str) -> Any:
        return getattr(psycopg, name)


class DatabaseWrapper(base.DatabaseWrapper):
    """Makes such connections where each thread holds its own. Those of a pool, which workers share, are not bounded."""

    Database = _Psycopg()  # type: ignore[assignment]  # stands for the module
