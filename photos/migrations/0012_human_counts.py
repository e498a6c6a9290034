"""What people correct stands beside the model's numbers. Counts validated so far were validated as they stand."""

from typing import Any

from django.conf import settings
from django.db import migrations, models
from django.db.models import F


def note_validated_versions(apps: Any, schema_editor: Any) -> None:
    counts = apps.get_model("photos", "ProcessingSession").objects.filter(validated=True)
    counts.update(validated_version=F("version"))


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0004_manual_counts"),
        ("photos", "0011_search_file_names"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="correction",
            name="edit_id",
            field=models.UUIDField(
                blank=True,
                help_text="The client's own name of the edit: it counts once.",
                null=True,
                verbose_name="edit",
            ),
        ),
        migrations.AddField(
            model_name="photocontainer",
            name="human_living",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Empty unless a validated count was corrected.",
                null=True,
                verbose_name="living by a person",
            ),
        ),
        migrations.AddField(
            model_name="photocontainer",
            name="human_type",
            field=models.CharField(
                blank=True,
                choices=[("segment", "Segment"), ("box", "Box"), ("plug", "Plug tray")],
                help_text="Empty unless the corrections of a validated count changed it.",
                max_length=10,
                verbose_name="type by a person",
            ),
        ),
        migrations.AddField(
            model_name="processingsession",
            name="human_dead",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="dead by a person"),
        ),
        migrations.AddField(
            model_name="processingsession",
            name="human_detected",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Empty unless a validated count was corrected; the model's own numbers stay beside it.",
                null=True,
                verbose_name="seen by a person",
            ),
        ),
        migrations.AddField(
            model_name="processingsession",
            name="human_empty",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="empty by a person"),
        ),
        migrations.AddField(
            model_name="processingsession",
            name="human_estimated",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="estimated by a person"),
        ),
        migrations.AddField(
            model_name="processingsession",
            name="validated_version",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="The version of the findings that was validated; a later correction waits for another word.",
                null=True,
                verbose_name="validated version",
            ),
        ),
        migrations.AlterField(
            model_name="correction",
            name="operations",
            field=models.JSONField(
                help_text="add, move, delete, restore, relabel, retype, hand_counts, with the ids that were given.",
                verbose_name="operations",
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.UniqueConstraint(fields=("session", "edit_id"), name="corrections_edit_once"),
        ),
        migrations.AddConstraint(
            model_name="processingsession",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("human_dead__isnull", True),
                        ("human_detected__isnull", True),
                        ("human_empty__isnull", True),
                        ("human_estimated__isnull", True),
                    ),
                    models.Q(
                        ("human_dead__isnull", False),
                        ("human_dead__lte", models.F("human_detected")),
                        ("human_detected__isnull", False),
                        ("human_empty__isnull", False),
                        ("human_estimated__isnull", False),
                        ("validated", True),
                    ),
                    _connector="OR",
                ),
                name="photo_processing_sessions_human_count_whole",
            ),
        ),
        migrations.RunPython(note_validated_versions, migrations.RunPython.noop, elidable=True),
    ]
