"""Photos that were uploaded before, known by the SHA-256 of their bytes."""

from collections.abc import Collection

from django.db import connection

from photos.models import Image, ProcessingSession


def hold_photos(sha256s: Collection[str]) -> None:
    """Let no other transaction take in the same photos until this one ends: of two uploads one finds the other.

    SQLite writes one transaction at a time anyway. PostgreSQL needs a lock on what is not a row yet; they are taken
    in order, so that two requests with the same photos cannot wait for each other.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for sha256 in sorted(set(sha256s)):
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s)", [int(sha256[:15], 16)]
            )  # 60 bits fit its bigint


def find_known_photos(sha256s: Collection[str]) -> dict[str, Image]:
    """The newest kept inventory photo for each SHA-256 that has one."""
    images = (
        Image.objects.not_deleted().in_inventory().filter(sha256__in=set(sha256s)).order_by("uploaded_at")
    )
    return {image.sha256: image for image in images}


def newest_counts(images: Collection[Image]) -> dict[object, ProcessingSession]:
    """The newest count of each of these photos, by image id."""
    counts = ProcessingSession.objects.filter(image__in=[image.pk for image in images]).order_by("attempt")
    return {count.image_id: count for count in counts}
