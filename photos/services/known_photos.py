"""Photos that were uploaded before, known by the SHA-256 of their bytes."""

from collections.abc import Collection

from django.db import connection
from django.db.models import Q

from demeter.accounts.models import User
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


def find_known_photos(sha256s: Collection[str], *, user: User) -> dict[str, Image]:
    """For each SHA-256 the kept inventory photo that this user may see: his own before others', then the newest.

    What he may not see is not known to him: the same bytes are then a photo of his own, and he learns nothing of the
    other one. Whoever uploads, a worker or a supervisor, may also decide about all photos that he sees.
    """
    images = Image.objects.visible_to(user).not_deleted().in_inventory().filter(sha256__in=set(sha256s))
    ranked = sorted(images, key=lambda image: (image.uploaded_by_id == user.pk, image.uploaded_at))
    return {image.sha256: image for image in ranked}


def names_other_place_than_its_copy(session: ProcessingSession) -> bool:
    """Whether an earlier upload of the same bytes stands at another place than this count: one of the two is wrong.

    Photos in the trash and those without a place do not contradict. At the same place both are photos of it.
    """
    image = session.image
    if session.storage_location_id is None or not image.with_inventory:
        return False
    is_earlier = Q(uploaded_at__lt=image.uploaded_at) | Q(uploaded_at=image.uploaded_at, pk__lt=image.pk)
    earlier = Image.objects.not_deleted().in_inventory().filter(is_earlier, sha256=image.sha256)
    places = ProcessingSession.objects.newest().filter(image__in=earlier).exclude(storage_location=None)
    return places.exclude(storage_location=session.storage_location_id).exists()


def newest_counts(images: Collection[Image]) -> dict[object, ProcessingSession]:
    """The newest count of each of these photos, by image id."""
    counts = ProcessingSession.objects.filter(image__in=[image.pk for image in images]).order_by("attempt")
    return {count.image_id: count for count in counts}
