"""What became of plants that a place still holds although something else grows there now."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from demeter.accounts.models import User
from inventory.models import Product
from inventory.services.configs import count_by_hand, other_products
from photos.choices import CountWarning
from photos.errors import NotCounted
from photos.models import ProcessingSession
from photos.services.booking.stock_evidence import lock_photos
from photos.services.review.validation import answer

_JUST_BEFORE: Final = timedelta(seconds=1)


def old_products(session: ProcessingSession) -> dict[Product, int]:
    """Living plants by product that the place of a count held besides its own when the photo was taken."""
    if session.storage_location is None:
        return {}
    return other_products(session.storage_location, session.image.taken_at)


def cycle_began(session: ProcessingSession) -> datetime | None:
    """When the cycle of a count's product began; None if that was not before the photo."""
    config = session.configuration
    return config.started_at if config and config.started_at < session.image.taken_at else None


@transaction.atomic
def answer_old_products(
    *, session: ProcessingSession, remaining: Mapping[Product, int], at: datetime | None, user: User
) -> ProcessingSession:
    """Count the old products of a place by hand; where some are left, the photo may stand beside them.

    Args:
        session: the count whose place still holds them.
        remaining: plants that are left, by product; 0 if all are gone.
        at: when they were so many; None for just before the photo.
        user: who counted them.
    Raises: NotCounted if the photo has no place.
    """
    location = session.storage_location
    if location is None:
        raise NotCounted(_("The place of this photo is not known yet. Choose it first."))
    lock_photos([session.image_id], location)
    moment = at or session.image.taken_at - _JUST_BEFORE
    for product, quantity in remaining.items():
        count_by_hand(location=location, product=product, quantity=quantity, at=moment, user=user)
    if any(remaining.values()):
        return answer(session=session, warning=CountWarning.OTHER_PRODUCT)
    session.refresh_from_db()
    return session
