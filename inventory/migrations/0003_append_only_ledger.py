"""The database itself refuses to change the ledger, whoever asks.

SQLite refuses updates only: it empties tables with plain DELETEs when Django flushes a database, and a trigger
cannot tell that from a person's DELETE. PostgreSQL flushes with TRUNCATE, so there both are refused. A later
migration that alters stock_movements on SQLite rebuilds the table, which drops the trigger: make it again there.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

POSTGRESQL = [
    """
    CREATE FUNCTION stock_movements_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'stock_movements is append-only' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER stock_movements_append_only BEFORE UPDATE OR DELETE ON stock_movements
    FOR EACH ROW EXECUTE FUNCTION stock_movements_refuse_change()
    """,
]
POSTGRESQL_BACK = [
    "DROP TRIGGER stock_movements_append_only ON stock_movements",
    "DROP FUNCTION stock_movements_refuse_change()",
]
SQLITE = [
    """
    CREATE TRIGGER stock_movements_append_only BEFORE UPDATE ON stock_movements
    BEGIN
        SELECT RAISE(ABORT, 'stock_movements is append-only');
    END
    """
]
SQLITE_BACK = ["DROP TRIGGER stock_movements_append_only"]


def add_triggers(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    statements = {"postgresql": POSTGRESQL, "sqlite": SQLITE}
    for statement in statements[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


def drop_triggers(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    statements = {"postgresql": POSTGRESQL_BACK, "sqlite": SQLITE_BACK}
    for statement in statements[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("inventory", "0002_seed_catalogue")]

    operations = [migrations.RunPython(add_triggers, drop_triggers)]
