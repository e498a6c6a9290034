"""At which time a movement is recorded of which a person knows the day alone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.errors import FutureMovement, MovementTimeUnclear
from inventory.models import Product, StorageLocation
from inventory.services.settlement import statement_of
from inventory.services.statement import Count

_NOON: Final = time(12)
_JUST_AFTER: Final = timedelta(microseconds=1)  # a movement of the very moment of a count lies before it


class Side(StrEnum):
    """Whether a movement was before or after the count of its day."""

    BEFORE = "before"
    AFTER = "after"


def movement_time(
    *, day: date, location: StorageLocation, product: Product, answer: Side | None = None
) -> datetime:
    """The time to record a movement at, of which a person names the day: noon, or now for today.

    Args:
        day: in the nursery's time zone.
        location: the place of the movement.
        product: the plants that it moves.
        answer: the side of the last count in force of that product, place and day, by a photo or by hand, on which
            the movement was. Not used where there is none.
    Raises: FutureMovement for a day that has not come, MovementTimeUnclear if there is such a count and no answer.
    """
    now = timezone.now()
    if day > timezone.localdate(now):
        raise FutureMovement(_("A movement cannot lie in the future. Check its date."))
    usual = now if day == timezone.localdate(now) else timezone.make_aware(datetime.combine(day, _NOON))
    count = _last_count(location, product, day)
    if count is None:
        return usual
    if answer is None:
        counted_at = timezone.localtime(count.counted_at)
        raise MovementTimeUnclear(
            _("%(place)s was counted that day at %(time)s. Was this before or after that count?")
            % {"place": location.code, "time": f"{counted_at:%H:%M}"},
            location=location.code,
            counted_at=counted_at.isoformat(),
            count=str(count.uuid),
            is_photo=count.is_photo,
        )
    if answer == Side.BEFORE:
        return min(usual, count.counted_at)
    return max(usual, count.counted_at + _JUST_AFTER)


@transaction.atomic
def _last_count(location: StorageLocation, product: Product, day: date) -> Count | None:
    """The last count of that day that is in force: what the place held after it follows from it."""
    counts = [
        count
        for count in statement_of(location).in_force.values()
        if count.product_id == product.pk and timezone.localdate(count.counted_at) == day
    ]
    return max(counts, key=lambda count: (count.counted_at, count.recorded_at, count.order), default=None)
