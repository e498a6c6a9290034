from datetime import timedelta

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Q

# A photo without a date was given the time of its upload, a moment before its row was written.
_SAME = timedelta(seconds=1)


def tell_sources(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Until now a date came from EXIF alone, or was the time of the upload, also for a camera that ran ahead."""
    images = apps.get_model("photos", "Image").objects.using(schema_editor.connection.alias)
    has_no_date = Q(exif__datetime_original__isnull=True) | Q(exif__datetime_original=None)
    is_upload_time = Q(taken_at__gte=F("uploaded_at") - _SAME)
    images.update(taken_at_source="exif")
    images.filter(has_no_date | is_upload_time).update(taken_at_source="received")


class Migration(migrations.Migration):
    dependencies = [
        ("photos", "0005_covered_leaf"),
    ]

    operations = [
        migrations.AlterField(
            model_name="image",
            name="taken_at",
            field=models.DateTimeField(
                help_text="As the photo or its uploader says, else the time of the upload.",
                verbose_name="taken at",
            ),
        ),
        migrations.AddField(
            model_name="image",
            name="taken_at_source",
            field=models.CharField(
                choices=[
                    ("exif", "Camera"),
                    ("gps", "Satellites"),
                    ("uploader", "Named at upload"),
                    ("person", "Named by a person later"),
                    ("received", "Time of the upload"),
                ],
                default="received",
                max_length=10,
                verbose_name="date from",
            ),
        ),
        migrations.RunPython(tell_sources, migrations.RunPython.noop),
    ]
