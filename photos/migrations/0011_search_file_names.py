"""A trigram index for searching the names of 100,000 photos; PostgreSQL only."""

from typing import Any

from django.db import migrations

from demeter.text_search import make_trigram_index

INDEX = "s3_images_folded_filename"


def make(apps: Any, schema_editor: Any) -> None:
    make_trigram_index(schema_editor, table="s3_images", column="original_filename", name=INDEX)


def drop(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(f"DROP INDEX IF EXISTS {INDEX}")


class Migration(migrations.Migration):
    dependencies = [("photos", "0010_idempotency_keys_are_answered")]

    operations = [migrations.RunPython(make, drop)]
