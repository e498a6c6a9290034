"""Photos as pages show them: with stored pictures, and with finished counts."""

from typing import Any

from django.utils import timezone

from demeter.accounts.models import User
from inventory.models import StorageLocation
from photos import storage
from photos.choices import TakenAtSource
from photos.models import (
    Detection,
    Estimation,
    Image,
    PhotoContainer,
    ProcessingSession,
    UploadJob,
    UploadSession,
)
from photos.services.booking.stock_evidence import settle_session
from photos.services.results.session_lifecycle import open_session
from tests.photos.factories import finish_count, picture_bytes

SQUARE = [[2.0, 2.0], [40.0, 2.0], [40.0, 30.0], [2.0, 30.0]]


def store_photo(owner: User, *, upload: UploadSession | None = None, **fields: Any) -> Image:
    """A stored JPEG of 48 × 32 px with its thumbnail."""
    number = Image.objects.count()
    image = Image(
        upload_session=upload or UploadSession.objects.create(user=owner),
        uploaded_by=owner,
        original_filename=f"IMG_{number}.jpg",
        content_type="image/jpeg",
        file_size_bytes=1000,
        sha256=f"{number:064d}",
        width_px=48,
        height_px=32,
        taken_at=timezone.now(),
        taken_at_source=TakenAtSource.EXIF,
        is_stored=True,
    )
    today = timezone.now().date()
    image.original_key = storage.original_key(image.pk, today, "jpg")
    image.thumbnail_key = storage.thumbnail_key(image.pk, today)
    for name, value in fields.items():
        setattr(image, name, value)
    image.save()
    original, thumbnail = picture_bytes(number), picture_bytes(number, kind="AVIF")
    storage.StorageService().upload_file(original, image.original_key)
    storage.StorageService().upload_file(thumbnail, image.thumbnail_key)
    return image


def count_photo(image: Image, place: StorageLocation | None = None, **fields: Any) -> ProcessingSession:
    """A finished and settled count: one living, one dead plant and one empty cell seen, two plants estimated."""
    session = open_session(image=image, user=image.uploaded_by, location=place)
    upload = image.upload_session
    UploadJob.objects.create(
        upload_session=upload,
        image=image,
        session=session,
        filename=image.original_filename,
        position=upload.jobs.count(),
    )
    container = PhotoContainer.objects.create(
        session=session,
        position=0,
        type="segment",
        polygon=SQUARE,
        confidence=0.9,
        is_counted=True,
        detected=2,
        dead=1,
        estimated=2,
        empty=1,
    )
    spot = {"session": session, "container": container, "width_px": 10, "height_px": 6, "confidence": 0.9}
    Detection.objects.create(**spot, center_x=10, center_y=10, class_name="plant")
    Detection.objects.create(**spot, center_x=20, center_y=10, class_name="dead", is_alive=False)
    Detection.objects.create(
        **spot, center_x=30, center_y=10, class_name="empty", is_alive=False, is_empty_container=True
    )
    Estimation.objects.create(
        session=session,
        container=container,
        band_number=0,
        band_y_start=0,
        band_y_end=8,
        estimated_count=2,
        residual_area_px=100,
        processed_area_px=80,
        avg_plant_area_px=40,
        calculation_method="band_based",
        confidence=0.8,
        vegetation_polygon=[[[3, 3], [9, 3], [9, 9]]],
    )
    values = {"total_dead": 1, "total_empty_containers": 1, "avg_confidence": 0.9, **fields}
    session = finish_count(session, detected=2, estimated=2, **values)
    settle_session(session)
    session.refresh_from_db()
    image.refresh_from_db()
    return session
