"""When a photo, its status and a count were last changed, and the bucket of the original: known for old rows too."""

from typing import Any

from django.conf import settings
from django.db import migrations, models
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce, Greatest


def fill(apps: Any, schema_editor: Any) -> None:
    """One statement a table: no row passes through Python."""
    sessions = apps.get_model("photos", "ProcessingSession").objects
    changed = Coalesce("validation_date", "completed_at", "started_at", "created_at")
    sessions.filter(updated_at=None).update(updated_at=changed)

    newest = sessions.filter(image=OuterRef("pk")).order_by("-attempt").values("updated_at")[:1]
    images = apps.get_model("photos", "Image").objects
    counted = Coalesce(Subquery(newest), F("uploaded_at"))
    stores: Any = settings.STORAGES
    images.filter(updated_at=None).update(
        bucket=stores["default"]["OPTIONS"].get("bucket_name", "default"),
        processing_status_updated_at=counted,
        updated_at=Greatest(counted, Coalesce(F("deleted_at"), F("uploaded_at"))),
    )


class Migration(migrations.Migration):
    dependencies = [("photos", "0014_column_names")]

    operations = [
        migrations.AddField(
            "image",
            "bucket",
            models.CharField(
                blank=True,
                db_column="s3_bucket",
                default="",
                help_text="Of the original; on a disk, the folder that stands for one.",
                max_length=255,
                verbose_name="bucket",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "image",
            "processing_status_updated_at",
            models.DateTimeField(editable=False, null=True, verbose_name="status changed"),
        ),
        # Without auto_now yet: with it, Django would write the time of this migration into old rows.
        migrations.AddField("image", "updated_at", models.DateTimeField(null=True, verbose_name="changed")),
        migrations.AddField(
            "processingsession",
            "updated_at",
            models.DateTimeField(null=True, verbose_name="changed"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
