"""The browser shows what was counted: an upright picture is made of what browsers may turn otherwise."""

import importlib
import io
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from PIL import Image as Picture

from demeter.accounts.models import User
from photos import storage
from photos.choices import StepKind
from photos.image_files import decode_rgb
from photos.image_urls import original_url, picture_url
from photos.models import Image
from photos.services.execution.image_steps import store_thumbnail
from photos.services.execution.recovery import find_lost_steps
from photos.services.intake.uploads import accept_upload
from photos.services.steps.claims import claim_step
from tests.photos.test_headers import TURNS, jpeg_with, png_with, stored_corners, turned_by_exif, webp_with

pytestmark = pytest.mark.django_db


def uploaded(worker: User, content: bytes) -> Image:
    accept_upload(user=worker, files=[SimpleUploadedFile("photo", content)])
    return Image.objects.get()


def with_thumbnail(image: Image) -> Image:
    claim = claim_step(image.steps.get(kind=StepKind.UPLOAD_THUMBNAIL).pk)
    assert claim is not None
    store_thumbnail(claim)
    image.refresh_from_db()
    return image


def stored(key: str) -> bytes:
    return b"".join(storage.store(storage.DEFAULT).chunks(key))


def heif_with(exif: bytes) -> bytes:
    buffer = io.BytesIO()
    Picture.fromarray(stored_corners()).save(buffer, "HEIF", exif=b"Exif\0\0" + exif, quality=95)
    return buffer.getvalue()


@pytest.mark.parametrize("value", [1, 2, 5, 6, 8])
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(jpeg_with, id="jpeg"),
        pytest.param(lambda exif: png_with(exif, before=False), id="png, behind the pixels"),
        pytest.param(webp_with, id="webp"),
        pytest.param(heif_with, id="heic"),
    ],
)
def test_rows_counter_thumbnail_and_preview_agree(worker: User, make: Any, value: int) -> None:
    content = make(turned_by_exif(value))
    image = with_thumbnail(uploaded(worker, content))
    expected = TURNS[value](stored_corners())
    assert (image.height_px, image.width_px) == expected.shape[:2]
    shown = [decode_rgb(io.BytesIO(content)), decode_rgb(io.BytesIO(stored(image.thumbnail_key)))]
    assert bool(image.preview_key) == image.needs_preview
    assert image.needs_preview == (value != 1 or image.content_type == "image/heic")
    if image.preview_key:
        shown.append(decode_rgb(io.BytesIO(stored(image.preview_key))))
        assert not Picture.open(io.BytesIO(stored(image.preview_key))).getexif()
        assert image.preview_key in (picture_url(image) or "")
    else:
        # The ends of the links: their signatures change from second to second.
        shown_file, original_file = (
            (url or "").rpartition("/")[2] for url in (picture_url(image), original_url(image))
        )
        assert shown_file == original_file != ""
    for pixels in shown:
        assert pixels.shape == expected.shape
        for row, column in ((4, 4), (4, -4), (-4, 4), (-4, -4)):
            np.testing.assert_allclose(
                pixels[row, column].astype(int), expected[row, column].astype(int), atol=25
            )


def test_the_original_stays_as_it_came(worker: User) -> None:
    content = jpeg_with(turned_by_exif(6))
    image = with_thumbnail(uploaded(worker, content))
    assert storage.staging_read(image.staging_key) == content


@pytest.mark.parametrize(
    ("make", "is_shown"),
    [
        pytest.param(jpeg_with, True, id="jpeg: all browsers turn it"),
        pytest.param(webp_with, False, id="webp: some do"),
        pytest.param(lambda exif: png_with(exif, before=True), False, id="png: some do"),
    ],
)
def test_a_turned_photo_without_its_preview_is_shown_only_if_browsers_agree(
    worker: User, make: Any, is_shown: bool
) -> None:
    image = uploaded(worker, make(turned_by_exif(6)))
    assert (picture_url(image) is not None) == is_shown


@pytest.mark.parametrize(
    ("orientation", "content_type", "is_again"),
    [
        pytest.param(6, "image/webp", True, id="a turned webp"),
        pytest.param(1, "image/webp", False, id="a webp that is upright"),
        pytest.param(6, "image/jpeg", False, id="a turned jpeg, which is shown right"),
    ],
)
def test_previews_of_older_photos_are_made_by_the_sweep(
    worker: User, orientation: int, content_type: str, is_again: bool
) -> None:
    image = with_thumbnail(uploaded(worker, webp_with(turned_by_exif(1))))
    Image.objects.update(exif={"orientation": orientation}, content_type=content_type, preview_key="")
    image.steps.update(created_at=timezone.now() - timedelta(days=30))
    migration = importlib.import_module("photos.migrations.0009_previews_of_turned_photos")
    migration.make_previews(apps, connection.schema_editor())
    lost = [step.kind for step in find_lost_steps(lambda _kind: True) if step.image_id == image.pk]
    assert (StepKind.UPLOAD_THUMBNAIL in lost) == is_again
