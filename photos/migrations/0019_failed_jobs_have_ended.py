from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def end_failed(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The progress of a file that failed is that of its end, so that the bar of its upload ends at 100 %."""
    jobs = apps.get_model("photos", "UploadJob").objects
    jobs.filter(status="failed", progress_percent__lt=100).update(progress_percent=100)


class Migration(migrations.Migration):
    dependencies = [
        ("photos", "0018_recognised_plants"),
    ]

    operations = [migrations.RunPython(end_failed, migrations.RunPython.noop)]
