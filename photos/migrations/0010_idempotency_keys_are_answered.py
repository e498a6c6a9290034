"""A key's row is its answer: that a request runs is known from a lock that ends with its process."""

from typing import Any

from django.db import migrations, models


def forget_unanswered(apps: Any, schema_editor: Any) -> None:
    apps.get_model("photos", "IdempotencyKey").objects.filter(response_status=None).delete()


class Migration(migrations.Migration):
    dependencies = [("photos", "0009_previews_of_turned_photos")]

    operations = [
        migrations.RunPython(forget_unanswered, migrations.RunPython.noop, elidable=True),
        migrations.AlterField("idempotencykey", "response_status", models.PositiveSmallIntegerField()),
        migrations.AlterField("idempotencykey", "response_body", models.JSONField()),
    ]
