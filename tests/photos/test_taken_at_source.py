"""Who says when a photo was taken: known of new photos, and told of older ones as well as their rows allow."""

import importlib
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from demeter.accounts.models import User
from photos.choices import TakenAtSource
from photos.models import Image
from tests.photos.count_builders import store_photo

pytestmark = pytest.mark.django_db
migration = importlib.import_module("photos.migrations.0006_image_taken_at_source")


@pytest.mark.parametrize(
    ("before_upload", "exif", "expected"),
    [
        pytest.param(timedelta(hours=3), {"datetime_original": "2026-10-01T09:00:00"}, "exif", id="dated"),
        pytest.param(timedelta(0), {"datetime_original": None}, "received", id="no date in its EXIF"),
        pytest.param(timedelta(0), {}, "received", id="no EXIF at all"),
        pytest.param(timedelta(seconds=9), {}, "received", id="written late, when the database was busy"),
        pytest.param(
            timedelta(seconds=0.5), {"datetime_original": "2099-01-01T09:00:00"}, "received", id="a clock ahead"
        ),
    ],
)  # fmt: skip
def test_older_rows_say_whether_their_date_was_that_of_the_camera(
    worker: User, before_upload: timedelta, exif: dict[str, Any], expected: str
) -> None:
    image = store_photo(worker, exif=exif, taken_at_source=TakenAtSource.PERSON)
    Image.objects.filter(pk=image.pk).update(
        uploaded_at=timezone.now(), taken_at=timezone.now() - before_upload
    )
    migration.tell_sources(apps, connection.schema_editor())
    image.refresh_from_db()
    assert image.taken_at_source == expected
    assert image.is_dated == (expected == "exif")
