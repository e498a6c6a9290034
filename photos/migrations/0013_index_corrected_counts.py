"""Counts that people have corrected are few among many: pages find those that wait for a word at once."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0004_manual_counts"),
        ("photos", "0012_human_counts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="processingsession",
            index=models.Index(
                condition=models.Q(("version__gt", 1)), fields=["image"], name="sessions_corrected"
            ),
        ),
    ]
