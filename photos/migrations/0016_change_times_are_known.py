"""Every row knows when it was changed."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("photos", "0015_change_times")]

    operations = [
        migrations.AlterField(
            "image",
            "processing_status_updated_at",
            models.DateTimeField(
                default=django.utils.timezone.now, editable=False, verbose_name="status changed"
            ),
        ),
        migrations.AlterField(
            "image", "updated_at", models.DateTimeField(auto_now=True, verbose_name="changed")
        ),
        migrations.AlterField(
            "processingsession", "updated_at", models.DateTimeField(auto_now=True, verbose_name="changed")
        ),
    ]
