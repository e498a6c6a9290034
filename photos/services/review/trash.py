"""Photos in the trash: their bytes and counts stay, but they are no evidence of what stands at a place."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from demeter.accounts.models import User
from inventory.services.ledger import lock_locations
from photos.choices import BookingState
from photos.models import Image, ProcessingSession
from photos.services.booking.stock_evidence import places_of, settle_places
from photos.services.context.place_calibration import update_calibrations


@transaction.atomic
def trash(*, image_ids: Collection[UUID], user: User) -> list[UUID]:
    """Put photos into the trash; what they had booked is withdrawn. Returns those that were not there already."""
    places = _lock(image_ids)
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
    places = _lock(image_ids)
    moved = [image.pk for image in Image.objects.in_trash().filter(pk__in=image_ids).order_by("pk")]
    Image.objects.filter(pk__in=moved).update(deleted_at=None, deleted_by=None)
    _follow(moved, places)
    return moved


def _lock(image_ids: Collection[UUID]) -> set[int]:
    """Lock the places of photos, then the photos: everybody takes these locks in this order. Returns the places.

    A photo that somebody moved before its locks came is at a place that is not locked. Its row is let go then, since
    who holds that place may wait for it, and all locks are taken anew.
    """
    while True:
        places = places_of(image_ids)
        before = transaction.savepoint()
        lock_locations(places)
        photos = Image.objects.select_for_update(no_key=True).filter(pk__in=image_ids)
        list(photos.order_by("pk").values_list("pk"))
        if places_of(image_ids) <= places:
            transaction.savepoint_commit(before)
            return places
        transaction.savepoint_rollback(before)


def _follow(image_ids: list[UUID], place_ids: Collection[int]) -> None:
    if image_ids:
        settle_places(place_ids)
        update_calibrations(image_ids)
