"""A drawing belongs to its count: what was drawn of a photo is that of the newest count that was drawn."""

from typing import Any

from django.db import migrations, models
from django.db.models import Exists, F, OuterRef, Q


def give_drawings(apps: Any, schema_editor: Any) -> None:
    counts = apps.get_model("photos", "ProcessingSession").objects
    steps = apps.get_model("photos", "ProcessingStep").objects
    stored = steps.filter(session=OuterRef("pk"), kind="upload_annotated", status="done")
    drawn = counts.exclude(image__annotated_key="").filter(Exists(stored))
    later = drawn.filter(image=OuterRef("image"), attempt__gt=OuterRef("attempt"))
    newest = drawn.filter(~Exists(later)).values_list("pk", flat=True)
    counts.filter(pk__in=newest).update(processed_image_id=F("image"))


def give_back(apps: Any, schema_editor: Any) -> None:
    """Photos know the drawing that is named after them; what a recount drew under a name of its own they do not."""
    counts = apps.get_model("photos", "ProcessingSession").objects
    images = apps.get_model("photos", "Image").objects
    drawn = images.filter(pk__in=counts.filter(processed_image_id=F("image")).values("image"))
    changed: list[Any] = []
    for image in drawn.iterator(2000):
        day = f"{image.uploaded_at:%Y/%m/%d}"
        image.annotated_key = f"annotated/{day}/{image.pk}.avif"
        image.annotated_thumbnail_key = f"thumbnails/{day}/{image.pk}_annotated.avif"
        changed.append(image)
    images.bulk_update(changed, ["annotated_key", "annotated_thumbnail_key"], batch_size=300)


class Migration(migrations.Migration):
    dependencies = [("photos", "0021_note_stock_movements")]

    operations = [
        migrations.AddField(
            "processingsession",
            "processed_image_id",
            models.UUIDField(
                blank=True,
                editable=False,
                help_text="The name of its drawing in the store; empty until one is made.",
                null=True,
                verbose_name="drawing",
            ),
        ),
        migrations.AddConstraint(  # a partial index: SQLite would copy the table for another one
            "processingsession",
            models.UniqueConstraint(
                condition=Q(processed_image_id__isnull=False),
                fields=("processed_image_id",),
                name="photo_processing_sessions_drawing_of_one",
            ),
        ),
        migrations.RunPython(give_drawings, give_back),
    ]
