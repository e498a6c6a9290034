"""The only way people bring plants into stock and take them out of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.choices import MovementType
from inventory.errors import FutureMovement, RequestReused
from inventory.models import StockBatch, StockMovement
from inventory.services.ledger import (
    BatchDetails,
    MovementDetails,
    create_batch,
    held,
    lock_location,
    next_batch_code,
)
from inventory.services.settlement import PendingMovement, settle

__all__ = [
    "BatchDetails",
    "MovementDetails",
    "create_batch",
    "held",
    "lock_location",
    "next_batch_code",
    "record_movement",
]

CLOCK_SLACK: Final = timedelta(minutes=10)  # clocks of phones and servers differ


@transaction.atomic
def record_movement(*, batch: StockBatch, quantity: int, **details: Unpack[MovementDetails]) -> StockMovement:
    """Record a movement of `quantity` plants (signed) and settle the place, once per request id.

    A repeat returns the first movement. The movement may be dated in the past: a count taken later has seen what
    became of it, so the place then holds what that count showed. `movement.batch` is the batch as it is afterwards;
    the one handed in is not touched.
    Raises: InsufficientStock if the place would hold fewer than none of the product, FutureMovement, RequestReused if
    the request id belongs to another movement, ValidationError for a quantity of zero, a type that goes in the other
    direction, or `foto`.
    """
    if details["movement_type"] == MovementType.PHOTO:
        # One that is not the settlement's own would be withdrawn when the place is settled next.
        text = _("Movements of photo counts are written by settling the place alone; record an adjustment.")
        raise ValidationError({"movement_type": text})
    location = lock_location(batch.storage_location)
    if earlier := _find_repeat(batch, quantity, details):
        return earlier
    if details["occurred_at"] > timezone.now() + CLOCK_SLACK:
        raise FutureMovement(_("A movement cannot lie in the future. Check its date."))
    pending = PendingMovement(batch, quantity, details)
    (settlement,) = settle([location.pk], pending=[pending])
    return next(m for m in settlement.movements if m.request_id == details["request_id"])


def _find_repeat(batch: StockBatch, quantity: int, details: MovementDetails) -> StockMovement | None:
    request_id = details["request_id"]
    earlier = StockMovement.objects.filter(request_id=request_id).select_related("batch").first()
    if earlier is None:
        return None
    asked = (batch.pk, quantity, details["movement_type"])
    if (earlier.batch_id, earlier.quantity, earlier.movement_type) != asked:
        raise RequestReused(
            _("This request was already recorded with other content; send a new one."),
            request_id=str(request_id),
        )
    return earlier
