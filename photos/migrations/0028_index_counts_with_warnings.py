"""Counts with a warning are few among many: the gallery finds them and their number without reading the others."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0006_last_photo_of_places"),
        ("photos", "0027_index_of_the_gallery"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="processingsession",
            index=models.Index(
                condition=models.Q(
                    models.Q(("warnings", []), _negated=True),
                    models.Q(("warnings", ["superseded"]), _negated=True),
                ),
                fields=["image", "attempt"],
                name="sessions_with_warnings",
            ),
        ),
    ]
