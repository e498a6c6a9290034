"""When the product of a running configuration turns out to be another: the stock of that cycle gets the right name."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from django.utils import timezone

from demeter.accounts.models import User
from inventory.choices import MovementReason, MovementSource, MovementType
from inventory.models import ManualCount, Product, StockBatch, StockMovement, StorageLocation
from inventory.services.ledger import create_batch
from inventory.services.settlement import PendingMovement


def carry_over(
    location: StorageLocation, former: Product, product: Product, *, since: datetime
) -> list[PendingMovement]:
    """Make the batches of `former` that belong to a cycle batches of `product`. Call with the place locked.

    A batch whose movements all lie in the cycle is renamed. One that is older keeps its past: what people recorded on
    it since is moved to a new batch by pairs of adjustments of the same date; what photos booked follows by itself.
    Counts by hand in the cycle are counts of `product`.
    Returns: those adjustments, for the settlement of the place to write.
    """
    ManualCount.objects.filter(storage_location=location, product=former, counted_at__gte=since).update(
        product=product
    )
    pairs: list[PendingMovement] = []
    for batch in (
        StockBatch.objects.at_location(location)
        .of_product(former)
        .select_related("product_state", "packaging")
    ):
        movements = list(batch.movements.order_by("occurred_at", "pk"))
        recent = [movement for movement in movements if movement.occurred_at >= since]
        if recent == movements:
            batch.product = product
            batch.full_clean()
            batch.save(update_fields=["product"])
        else:
            pairs += _pairs(batch, product, [m for m in recent if m.movement_type != MovementType.PHOTO])
    return pairs


def _pairs(batch: StockBatch, product: Product, movements: list[StockMovement]) -> list[PendingMovement]:
    """Each movement once more with the opposite sign on its batch, and as it is on a batch of the right product."""
    if not movements:
        return []
    target = create_batch(
        on=timezone.localdate(movements[0].occurred_at),
        storage_location=batch.storage_location,
        storage_bin=batch.current_storage_bin,
        product=product,
        product_state=batch.product_state,
        packaging=batch.packaging,
        custom_attributes=batch.custom_attributes,
    )
    return [
        PendingMovement(
            where,
            quantity,
            {
                "movement_type": MovementType.ADJUSTMENT,
                "request_id": uuid4(),
                "user": User.objects.ml(),
                "source": MovementSource.AUTOMATIC,
                "occurred_at": movement.occurred_at,
                "reference": movement.request_id,
                "reason": MovementReason.PRODUCT_CORRECTED,
            },
            is_reversal=True,
        )
        for movement in movements
        for where, quantity in ((batch, -movement.quantity), (target, movement.quantity))
    ]
