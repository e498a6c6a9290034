from typing import Any

from django.db import migrations
from django.db.models import Max


def date_last_photos(apps: Any, schema_editor: Any) -> None:
    """When the newest counted photo of each place was taken; afterwards settling keeps it (stock_evidence)."""
    locations = apps.get_model("inventory", "StorageLocation").objects
    counted = apps.get_model("photos", "ProcessingSession").objects.filter(
        status="completed", image__deleted_at=None, image__with_inventory=True
    )
    newest = counted.exclude(storage_location=None).order_by().values_list("storage_location")
    for location_id, taken_at in newest.annotate(Max("image__taken_at")):
        locations.filter(pk=location_id).update(last_photo_at=taken_at)


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0006_last_photo_of_places"),
        ("photos", "0024_estimates_by_bands"),
    ]

    operations = [migrations.RunPython(date_last_photos, migrations.RunPython.noop, elidable=True)]
