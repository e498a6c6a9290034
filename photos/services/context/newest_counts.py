"""The newest counts of photos, and those that stand for the photos of a place."""

from collections.abc import Collection
from uuid import UUID

from demeter.accounts.models import User
from photos.models import Image, ProcessingSession


def newest_counts(images: Collection[Image]) -> dict[UUID, ProcessingSession]:
    """The newest count of each of these photos with its place, by image id: one query for all."""
    counts = ProcessingSession.objects.filter(image__in=images).newest()
    places = "storage_location__storage_area__warehouse"
    return {count.image_id: count for count in counts.select_related(places, "moved_from", "validated_by")}


def place_history(session: ProcessingSession | None, user: User, *, at_most: int) -> list[ProcessingSession]:
    """The standing counts of the photos of the same place that the user may see, the photo taken last first."""
    if session is None or session.storage_location_id is None:
        return []
    visible = Image.objects.visible_to(user).not_deleted()
    counts = ProcessingSession.objects.standing()
    counts = counts.filter(storage_location=session.storage_location_id, image__in=visible)
    return list(counts.select_related("image", "product").order_by("-image__taken_at", "-pk")[:at_most])


def previous_count(session: ProcessingSession, user: User) -> ProcessingSession | None:
    """The standing count of the photo of the same place that was taken before this one, if the user may see one."""
    if session.storage_location_id is None:
        return None
    visible = Image.objects.visible_to(user).not_deleted().filter(taken_at__lt=session.image.taken_at)
    counts = ProcessingSession.objects.standing()
    counts = counts.filter(storage_location=session.storage_location_id, image__in=visible)
    return counts.select_related("image").order_by("-image__taken_at", "-pk").first()
