"""Columns carry the names that the contract and the domain give them.

Renamed by a statement that both databases know and that touches no row: Django's own alteration of a foreign key
copies the table on SQLite, and checks every row again on PostgreSQL.
"""

import uuid
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def rename_column(model: str, field: str, table: str, old: str, new: str, definition: Any) -> Any:
    rename = 'ALTER TABLE "{}" RENAME COLUMN "{}" TO "{}"'
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(rename.format(table, old, new), rename.format(table, new, old))
        ],
        state_operations=[migrations.AlterField(model, field, definition)],
    )


class Migration(migrations.Migration):
    dependencies = [
        ("photos", "0013_index_corrected_counts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        rename_column(
            "image", "id", "s3_images", "id", "image_id",
            models.UUIDField(db_column="image_id", default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
        ),
        rename_column(
            "image", "original_key", "s3_images", "original_key", "s3_key_original",
            models.CharField(db_column="s3_key_original", max_length=255, unique=True),
        ),
        rename_column(
            "image", "thumbnail_key", "s3_images", "thumbnail_key", "s3_key_thumbnail",
            models.CharField(blank=True, db_column="s3_key_thumbnail", max_length=255),
        ),
        rename_column(
            "image", "exif", "s3_images", "exif", "exif_metadata",
            models.JSONField(blank=True, db_column="exif_metadata", default=dict, verbose_name="EXIF"),
        ),
        rename_column(
            "image", "source", "s3_images", "source", "upload_source",
            models.CharField(
                choices=[("web", "Web"), ("mobile", "Phone"), ("api", "API")],
                db_column="upload_source",
                default="api",
                max_length=10,
                verbose_name="source",
            ),
        ),
        rename_column(
            "image", "uploaded_by", "s3_images", "uploaded_by_id", "uploaded_by_user_id",
            models.ForeignKey(
                db_column="uploaded_by_user_id",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="images",
                to=settings.AUTH_USER_MODEL,
                verbose_name="uploaded by",
            ),
        ),
        rename_column(
            "processingsession", "uuid", "photo_processing_sessions", "uuid", "session_id",
            models.UUIDField(
                db_column="session_id", default=uuid.uuid4, editable=False, unique=True, verbose_name="session id"
            ),
        ),
        rename_column(
            "processingsession", "image", "photo_processing_sessions", "image_id", "original_image_id",
            models.ForeignKey(
                db_column="original_image_id",
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sessions",
                to="photos.image",
                verbose_name="photo",
            ),
        ),
        rename_column(
            "processingsession", "validated_by", "photo_processing_sessions", "validated_by_id", "validated_by_user_id",
            models.ForeignKey(
                blank=True,
                db_column="validated_by_user_id",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="validated by",
            ),
        ),
    ]  # fmt: skip
