"""Photos that were uploaded before, known by the SHA-256 of their bytes."""

from collections.abc import Collection, Sequence

from django.db import connection

from demeter.accounts.models import User
from inventory.models import StorageLocation
from photos.models import Image, ProcessingSession


def lock_hashes(sha256s: Collection[str]) -> None:
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
    A photo whose original is lost is not known: its bytes are wanted once more, and are a new photo.
    """
    kept = Image.objects.visible_to(user).not_deleted().in_inventory()
    images = kept.with_original().filter(sha256__in=set(sha256s))
    ranked = sorted(images, key=lambda image: (image.uploaded_by_id == user.pk, image.uploaded_at))
    return {image.sha256: image for image in ranked}


def contradicted_by_copies(
    location: StorageLocation, sessions: Sequence[ProcessingSession]
) -> frozenset[int]:
    """Those counts of a place of whose photo an earlier upload of the same bytes stands at another place.

    One of the two places is wrong. Photos in the trash and those without a place do not contradict; at the same place
    both are photos of it.
    """
    hashes = {session.image.sha256 for session in sessions}
    elsewhere = (
        ProcessingSession.objects.newest()
        .filter(image__sha256__in=hashes, image__deleted_at=None, image__with_inventory=True)
        .exclude(storage_location=None)
        .exclude(storage_location=location)
        .values_list("image__sha256", "image__uploaded_at", "image_id")
    )
    first = {sha256: (at, pk) for sha256, at, pk in sorted(elsewhere, reverse=True)}
    return frozenset(
        session.pk
        for session in sessions
        if (copy := first.get(session.image.sha256)) is not None
        and copy < (session.image.uploaded_at, session.image_id)
    )
