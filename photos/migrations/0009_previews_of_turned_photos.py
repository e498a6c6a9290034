from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def make_previews(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Turned PNG, WebP and AVIF are shown by a preview from now on: the step that makes it is to be done again.

    A JPEG needs none to be shown right, its turn all browsers apply.
    """
    steps = apps.get_model("photos", "ProcessingStep").objects.filter(kind="upload_thumbnail", status="done")
    turned = steps.filter(image__exif__orientation__gt=1, image__preview_key="", image__deleted_at=None)
    again = list(turned.exclude(image__content_type="image/jpeg").values_list("pk", flat=True))
    for first in range(0, len(again), 500):
        steps.filter(pk__in=again[first : first + 500]).update(
            status="pending", failures=0, finished_at=None, sent_at=None, not_before=None
        )


class Migration(migrations.Migration):
    dependencies = [
        ("photos", "0008_outages_use_up_no_try"),
    ]

    operations = [migrations.RunPython(make_previews, migrations.RunPython.noop)]
