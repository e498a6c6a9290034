"""When a photo was taken, where a person knows it better than the photo."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.errors import FutureMovement
from photos.choices import TakenAtSource
from photos.errors import InvalidTakenAt
from photos.models import Image
from photos.services.booking.stock_evidence import lock_photos, settle_places
from photos.services.intake.upload_validation import believable


@transaction.atomic
def date_photo(*, image: Image, taken_at: datetime) -> Image:
    """Give a photo the time at which a person says it was taken; its counts decide from then on.

    A time ahead by what clocks differ is now. Raises FutureMovement for a later one, InvalidTakenAt for one before the
    year 2000.
    """
    believed = believable(taken_at)
    if believed is None and taken_at > timezone.now():
        raise FutureMovement(_("A photo cannot have been taken in the future. Check the date."))
    if believed is None:
        raise InvalidTakenAt(_("There were no such photos before the year 2000. Check the date."))
    places = lock_photos([image.pk])
    image = Image.objects.get(pk=image.pk)
    image.taken_at, image.taken_at_source = believed, TakenAtSource.PERSON
    image.save(update_fields=["taken_at", "taken_at_source"])
    settle_places(places)
    image.refresh_from_db()
    return image
