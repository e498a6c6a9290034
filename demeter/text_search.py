"""Searching text as people type it: without regard to case, accents, or the Unicode form that a phone chose.

`name__folded_contains="cañon"` finds “Cañón”, “CANON” and both again where ñ is written as n and a combining tilde, on
SQLite as on PostgreSQL. What is searched in long tables has a trigram index on the same expression
(`make_trigram_index`).
"""

import sqlite3
import unicodedata
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, TextField
from django.db.models.lookups import Contains

_COMBINING: Final = dict.fromkeys(range(0x0300, 0x0370))  # the block “Combining Diacritical Marks”
# All three functions are immutable, so that an index can hold their result.
_FOLDED_ON_POSTGRESQL: Final = r"lower(regexp_replace(normalize({}, NFKD), '[\u0300-\u036F]', '', 'g'))"


def fold(text: str) -> str:
    """The letters of a text without their marks, in lower case: “CAÑÓN” becomes “canon”."""
    return unicodedata.normalize("NFKD", text).translate(_COMBINING).lower()


@CharField.register_lookup
@TextField.register_lookup
class FoldedContains(Contains):
    """`field__folded_contains`: the field holds this text, both folded."""

    lookup_name = "folded_contains"

    def get_prep_lookup(self) -> Any:
        value = super().get_prep_lookup()
        return fold(value) if isinstance(value, str) else value

    def process_lhs(self, compiler: Any, connection: Any, lhs: Any = None) -> Any:
        sql, parameters = super().process_lhs(compiler, connection, lhs)
        if connection.vendor == "postgresql":
            return _FOLDED_ON_POSTGRESQL.format(sql), parameters
        return f"demeter_fold({sql})", parameters

    def get_rhs_op(self, connection: Any, rhs: str) -> str:
        operator: str = connection.operators["contains"] % rhs
        return operator


def add_fold_function(*, connection: BaseDatabaseWrapper, **_: object) -> None:
    """Register the SQL function `demeter_fold` on a new SQLite connection; a receiver of `connection_created`."""
    if connection.vendor == "sqlite":
        database: sqlite3.Connection = connection.connection
        database.create_function(
            "demeter_fold", 1, lambda text: None if text is None else fold(str(text)), deterministic=True
        )


def make_trigram_index(schema_editor: Any, *, table: str, column: str, name: str) -> None:
    """Let PostgreSQL find folded text in a long table without reading it all. A step of a migration.

    pg_trgm comes with PostgreSQL and needs no superuser; where it was left out, searching stays right and is slow.
    """
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
        if cursor.fetchone() is None:
            return
    schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    quote = schema_editor.quote_name
    expression = _FOLDED_ON_POSTGRESQL.format(quote(column))
    schema_editor.execute(
        f"CREATE INDEX {quote(name)} ON {quote(table)} USING gin (({expression}) gin_trgm_ops)"
    )
