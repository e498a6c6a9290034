"""The gallery comes in the order that is asked for: each order is read from an index, as the newest first is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("photos", "0028_index_counts_with_warnings"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="image",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True), ("with_inventory", True)),
                fields=["taken_at", "id"],
                name="s3_images_gallery_taken",
            ),
        ),
        migrations.AddIndex(
            model_name="image",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True), ("with_inventory", True)),
                fields=["original_filename", "id"],
                name="s3_images_gallery_named",
            ),
        ),
    ]
