"""The system user who books what the models counted."""

from django.apps.registry import Apps
from django.contrib.auth.hashers import make_password
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def add_ml_user(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("accounts", "User").objects.get_or_create(
        email="ml@demeter.invalid",
        defaults={"name": "ml", "role": "worker", "is_system": True, "password": make_password(None)},
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunPython(add_ml_user, migrations.RunPython.noop)]
