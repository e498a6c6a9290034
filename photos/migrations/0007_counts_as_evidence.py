"""Counts become evidence: what a person answered is kept by warning, and where a count came from when it is moved."""

from typing import Any

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Existing counts of photos without a date have decided already: nobody is asked about them now.
ANSWERED = ["undated"]


def keep_answers(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    ProcessingSession: Any = apps.get_model("photos", "ProcessingSession")  # as it was before this migration
    counted = ProcessingSession.objects.filter(status="completed")
    counted.update(accepted_warnings=ANSWERED)
    counted.filter(accepted_partial=True).update(accepted_warnings=[*ANSWERED, "partial_count"])


def keep_partial(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    ProcessingSession: Any = apps.get_model("photos", "ProcessingSession")  # as it was before this migration
    ProcessingSession.objects.filter(accepted_warnings__icontains='"partial_count"').update(
        accepted_partial=True
    )


class Migration(migrations.Migration):
    dependencies = [("inventory", "0004_manual_counts"), ("photos", "0006_image_taken_at_source")]

    operations = [
        migrations.AddField(
            model_name="processingsession",
            name="accepted_warnings",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="Codes of CountWarning that a person has answered: the count waits for them no more.",
                verbose_name="accepted warnings",
            ),
        ),
        migrations.RunPython(keep_answers, keep_partial),
        migrations.RemoveField(model_name="processingsession", name="accepted_partial"),
        migrations.AddField(
            model_name="processingsession",
            name="gps_distance_m",
            field=models.FloatField(
                blank=True,
                help_text="From the photo's own position to the outline of the place; empty without a position.",
                null=True,
                verbose_name="distance of the position (m)",
            ),
        ),
        migrations.AddField(
            model_name="processingsession",
            name="moved_from",
            field=models.ForeignKey(
                blank=True,
                help_text="The place that the count was said to show before a person named another.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="inventory.storagelocation",
                verbose_name="moved from",
            ),
        ),
    ]
