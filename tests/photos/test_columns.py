"""The columns that the contract and the domain name, as the database has them; and their times follow every write."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from demeter.accounts.models import User
from inventory.models import StockBatch
from photos.choices import ImageStatus, StepKind, StepStatus
from photos.models import Image, ProcessingSession, ProcessingStep
from photos.services.intake.uploads import accept_upload
from photos.services.steps.claims import create_step
from photos.storage import annotated_key
from tests.inventory.factories import stocked_batch
from tests.photos.count_builders import count_photo, store_photo
from tests.photos.factories import photo_file

COLUMNS = {
    "s3_images": {
        "image_id", "s3_bucket", "s3_key_original", "s3_key_thumbnail", "content_type", "file_size_bytes", "width_px",
        "height_px", "exif_metadata", "gps_coordinates", "upload_source", "uploaded_by_user_id", "status",
        "error_details", "processing_status_updated_at", "updated_at", "deleted_at",
    },
    "photo_processing_sessions": {
        "id", "session_id", "storage_location_id", "original_image_id", "processed_image_id", "total_detected",
        "total_estimated",
        "total_empty_containers", "avg_confidence", "category_counts", "status", "error_message", "validated",
        "validated_by_user_id", "validation_date", "manual_adjustments", "created_at", "updated_at",
    },
    "detections": {
        "session_id", "stock_movement_id", "classification_id", "center_x", "center_y", "width_px", "height_px",
        "confidence", "is_empty_container", "is_alive",
    },
    "estimations": {
        "session_id", "stock_movement_id", "vegetation_polygon", "estimated_count", "calculation_method", "confidence",
    },
    "stock_batches": {
        "batch_code", "current_storage_bin_id", "product_id", "product_state_id", "product_size_id",
        "quantity_initial", "quantity_current", "quantity_empty_containers", "quality_score", "planting_date",
        "germination_date", "transplant_date", "expected_ready_date", "notes", "custom_attributes", "updated_at",
    },
}  # fmt: skip
LONG_AGO = datetime(2026, 1, 2, tzinfo=UTC)

Write = Callable[[Any], object]


def columns_of(table: str) -> set[str]:
    with connection.cursor() as cursor:
        return {column.name for column in connection.introspection.get_table_description(cursor, table)}


@pytest.mark.django_db
@pytest.mark.parametrize("table", COLUMNS)
def test_the_database_has_the_columns_of_the_contract(table: str) -> None:
    assert COLUMNS[table] - columns_of(table) == set()


@pytest.mark.django_db
def test_a_photo_says_in_which_bucket_its_original_lies(worker: User) -> None:
    outcome = accept_upload(user=worker, files=[photo_file()])
    image = Image.objects.get(pk=outcome.jobs[0].image_id)
    assert (Path(settings.STORAGES["default"]["OPTIONS"]["location"]).name, image.bucket) == ("default",) * 2


# A field of each kind of row that may hold any words.
WORDS = {Image: "original_filename", ProcessingSession: "reason", StockBatch: "notes"}


def _save_in_part(row: Any) -> None:
    row.refresh_from_db()
    row.save(update_fields=[WORDS[type(row)]])


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["photo", "count", "batch"])
@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda row: row.save(), id="saved"),
        pytest.param(_save_in_part, id="saved in part"),
        pytest.param(
            lambda row: type(row).objects.filter(pk=row.pk).update(**{WORDS[type(row)]: "x"}), id="updated in bulk"
        ),
        pytest.param(
            lambda row: type(row).objects.bulk_update([row], [WORDS[type(row)]]), id="updated row by row"
        ),
    ],
)  # fmt: skip
def test_a_row_knows_when_it_was_last_changed(worker: User, name: str, write: Write) -> None:
    image = store_photo(worker)
    row = {"photo": image, "count": count_photo(image), "batch": stocked_batch(5)}[name]
    type(row).objects.filter(pk=row.pk).update(updated_at=LONG_AGO)
    write(row)
    row.refresh_from_db()
    assert row.updated_at > LONG_AGO


def _save_after_reading(image: Image, status: str) -> None:
    image.refresh_from_db()
    image.status = status
    image.save(update_fields=["status"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda image, status: Image.objects.filter(pk=image.pk).update(status=status), id="bulk"),
        pytest.param(_save_after_reading, id="saved"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("status", "is_new"),
    [
        pytest.param(ImageStatus.READY, True, id="another status"),
        pytest.param(ImageStatus.UPLOADED, False, id="the same status"),
    ],
)
def test_the_time_of_the_status_follows_the_status_alone(
    worker: User, write: Callable[[Image, str], object], status: str, is_new: bool
) -> None:
    image = store_photo(worker, status=ImageStatus.UPLOADED)
    Image.objects.filter(pk=image.pk).update(processing_status_updated_at=LONG_AGO)
    write(image, status)
    image.refresh_from_db()
    assert (image.processing_status_updated_at > LONG_AGO) == is_new
    Image.objects.filter(pk=image.pk).update(processing_status_updated_at=LONG_AGO, original_filename="x.jpg")
    image.refresh_from_db()
    assert image.processing_status_updated_at == LONG_AGO


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_old_rows_keep_what_they_say_when_columns_are_renamed_and_renamed_back(worker: User) -> None:
    image = store_photo(worker)
    count = count_photo(image)
    ended = ProcessingSession.objects.get().completed_at
    create_step(image=image, session=count, kind=StepKind.UPLOAD_ANNOTATED, key="drawn")
    ProcessingStep.objects.filter(kind=StepKind.UPLOAD_ANNOTATED).update(status=StepStatus.DONE)
    ProcessingSession.objects.update(processed_image_id=image.pk)
    executor = MigrationExecutor(connection)
    newest = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "photos"]
    try:
        executor.migrate([("photos", "0013_index_corrected_counts")])
        assert {"id", "original_key", "uploaded_by_id"} <= columns_of("s3_images")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT i.original_key, i.annotated_key FROM s3_images i"
                " JOIN photo_processing_sessions s ON s.image_id = i.id"
            )
            assert cursor.fetchall() == [(image.original_key, annotated_key(image.pk, image.uploaded_at))]
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(newest)
    connection.check_constraints()
    kept = Image.objects.get()
    assert (kept.pk, kept.original_key, kept.uploaded_by) == (image.pk, image.original_key, worker)
    assert (kept.bucket, kept.processing_status_updated_at) == ("default", ended)
    kept_count = kept.sessions.get()
    assert (kept_count.uuid, kept_count.updated_at) == (count.uuid, ended)
    assert kept_count.processed_image_id == image.pk
