from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q

# What lies in the picture itself and stays as it is.
FINAL_CODES = (
    "empty_file",
    "image_too_large",
    "invalid_file_type",
    "invalid_input",
    "original_missing",
    "unreadable_image",
)


def mend_what_outages_ended(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Pictures that a store's absence prevented ended for good, and originals waited an hour: the sweep makes them."""
    steps = apps.get_model("photos", "ProcessingStep").objects.all()
    ended = steps.filter(
        kind__in=["upload_thumbnail", "draw_photo", "upload_annotated"],
        status="failed",
        image__deleted_at=None,
    ).filter(Q(session=None) | Q(session__status="completed"))
    again = list(ended.exclude(error_code__in=FINAL_CODES).values_list("pk", flat=True))
    for first in range(0, len(again), 500):
        steps.filter(pk__in=again[first : first + 500]).update(
            status="pending",
            failures=0,
            error_code="store_unavailable",  # it says that no job waits for it
            error_message="",
            finished_at=None,
            sent_at=None,
            not_before=None,
        )
    steps.filter(kind="upload_original", status="pending").update(sent_at=None, not_before=None)


class Migration(migrations.Migration):
    dependencies = [
        ("photos", "0007_counts_as_evidence"),
    ]

    operations = [
        migrations.AddField(
            model_name="processingstep",
            name="losses",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="Workers that died, or hung, while they held the step.",
                verbose_name="lost workers",
            ),
        ),
        migrations.AlterField(
            model_name="processingstep",
            name="failures",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="Faults that may be ours or the photo's; outages do not count.",
                verbose_name="failures",
            ),
        ),
        migrations.RunPython(mend_what_outages_ended, migrations.RunPython.noop),
    ]
