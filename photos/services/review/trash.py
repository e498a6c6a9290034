"""Photos in the trash: their bytes and counts stay, but they are no evidence of what stands at a place."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from demeter.accounts.models import User
from photos.choices import BookingState
from photos.models import Image, ProcessingSession
from photos.services.booking.stock_evidence import lock_photos, settle_places
from photos.services.context.place_calibration import update_calibrations


@transaction.atomic
def trash(*, image_ids: Collection[UUID], user: User) -> list[UUID]:
    """Put photos into the trash; what they had booked is withdrawn. Returns those that were not there already."""
    places = lock_photos(image_ids)
    moved = [image.pk for image in Image.objects.not_deleted().filter(pk__in=image_ids).order_by("pk")]
    Image.objects.filter(pk__in=moved).update(deleted_at=timezone.now(), deleted_by=user)
    # What settles a place gives its counts their states back; photos without one keep what they wait for.
    placed = ProcessingSession.objects.filter(image__in=moved, storage_location__isnull=False)
    ProcessingSession.objects.counted().filter(image__in=placed.values("image")).update(
        booking_state=BookingState.OPEN, booked_quantity=None
    )
    _follow(moved, places)
    return moved


@transaction.atomic
def restore(*, image_ids: Collection[UUID], user: User) -> list[UUID]:
    """Take photos out of the trash; their counts are evidence again. Returns those that were in it."""
    places = lock_photos(image_ids)
    moved = [image.pk for image in Image.objects.in_trash().filter(pk__in=image_ids).order_by("pk")]
    Image.objects.filter(pk__in=moved).update(deleted_at=None, deleted_by=None)
    _follow(moved, places)
    return moved


def _follow(image_ids: list[UUID], place_ids: Collection[int]) -> None:
    if image_ids:
        settle_places(place_ids)
        update_calibrations(image_ids)
