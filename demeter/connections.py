"""Connections to the database."""

from django.db import connection


def release_connection() -> None:
    """Close this thread's connection, or give it back to the pool: fifty threads that talk to a store hold none.

    Inside a transaction it stays, for closing it would undo what the caller has written.
    """
    if not connection.in_atomic_block:
        connection.close()
