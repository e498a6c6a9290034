"""The ledger itself: its lines, and the batches whose quantity they make. `stock` and `settlement` write with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import NotRequired, TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from demeter.accounts.models import User
from inventory.choices import MovementSource, MovementType
from inventory.errors import InsufficientStock
from inventory.models import (
    PackagingCatalog,
    Product,
    ProductSize,
    ProductState,
    StockBatch,
    StockMovement,
    StorageBin,
    StorageLocation,
)


class MovementDetails(TypedDict):
    """What a movement says besides its batch and its quantity. `occurred_at` is when it was true."""

    movement_type: MovementType
    request_id: UUID
    user: User
    occurred_at: datetime
    source: NotRequired[MovementSource]  # by hand, unless told
    reason: NotRequired[str]
    reference: NotRequired[UUID | None]
    session_uuid: NotRequired[UUID | None]
    source_bin: NotRequired[StorageBin | None]
    destination_bin: NotRequired[StorageBin | None]
    unit_price: NotRequired[Decimal | None]
    total_price: NotRequired[Decimal | None]


class BatchDetails(TypedDict):
    """What a new batch is. Its quantity comes from movements."""

    storage_location: StorageLocation
    product: Product
    product_state: ProductState
    product_size: NotRequired[ProductSize | None]
    packaging: NotRequired[PackagingCatalog | None]
    storage_bin: NotRequired[StorageBin | None]
    quality_score: NotRequired[float | None]  # 0 to 5
    planting_date: NotRequired[date | None]
    notes: NotRequired[str]
    custom_attributes: NotRequired[dict[str, str | None]]


def append_movement(*, batch: StockBatch, quantity: int, **details: Unpack[MovementDetails]) -> StockMovement:
    """Append one line of `quantity` plants (signed) and update its batch. Call it with the place locked.

    `movement.batch` is the batch as it is afterwards; the one handed in is not touched. A batch that falls to zero
    leaves its bin, and returns to it when plants do. The pots of dead plants stay with the batch as emptied.
    Raises: InsufficientStock if fewer than none would be left, ValidationError for a quantity of zero or a type that
    goes in the other direction.
    """
    batch = StockBatch.objects.select_for_update().get(pk=batch.pk)  # one writer per batch
    left = batch.quantity_current + quantity
    if left < 0:
        raise InsufficientStock(
            _("Batch %(batch)s holds only %(held)d plants.")
            % {"batch": batch.batch_code, "held": batch.quantity_current},
            batch=batch.batch_code,
            held=batch.quantity_current,
            asked=-quantity,
        )
    movement = _build_movement(batch, quantity, details)
    movement.full_clean()
    if not batch.movements.exists():
        batch.quantity_initial = max(quantity, 0)
    movement.save()
    batch.quantity_current = left
    if movement.movement_type == MovementType.DEATH:
        batch.quantity_empty_containers -= quantity
    if left == 0:
        batch.current_storage_bin = None
    elif quantity > 0:
        batch.current_storage_bin = movement.destination_bin
    batch.save()
    return movement


@transaction.atomic
def create_batch(*, on: date, **details: Unpack[BatchDetails]) -> StockBatch:
    """Open an empty batch, with the next code of its location, product and day `on`.

    Its first movement fills it: record that in the same transaction, so that no empty batch stays behind.
    Raises: ValidationError if the bin stands in another location or the quality is out of range.
    """
    batch = StockBatch(
        batch_code=next_batch_code(details["storage_location"], details["product"], on),
        storage_location=details["storage_location"],
        current_storage_bin=details.get("storage_bin"),
        product=details["product"],
        product_state=details["product_state"],
        product_size=details.get("product_size"),
        packaging=details.get("packaging"),
        quality_score=details.get("quality_score"),
        planting_date=details.get("planting_date"),
        notes=details.get("notes", ""),
        custom_attributes=details.get("custom_attributes", {}),
    )
    batch.full_clean()
    batch.save()
    return batch


def next_batch_code(location: StorageLocation, product: Product, day: date) -> str:
    """The next free code `LOC…-PROD…-YYYYMMDD-NNN`, counted for each location, product and day.

    Call it inside a transaction: the location stays locked until its end, so that no two get the same code.
    """
    lock_location(location)
    prefix = f"LOC{location.pk}-PROD{product.pk}-{day:%Y%m%d}-"
    taken = StockBatch.objects.filter(batch_code__startswith=prefix).values_list("batch_code", flat=True)
    numbers = [int(code.removeprefix(prefix)) for code in taken if code.removeprefix(prefix).isdecimal()]
    return f"{prefix}{max(numbers, default=0) + 1:03d}"


def lock_location(location: StorageLocation) -> StorageLocation:
    """The location's row, which nobody else can lock until the transaction ends.

    Not its key: rows that point to it take a share of that when they are committed, whatever else is locked then.
    """
    if not transaction.get_connection().in_atomic_block:  # SQLite would not say so itself
        raise transaction.TransactionManagementError("A location can only be locked inside a transaction.")
    return StorageLocation.objects.select_for_update(no_key=True).get(pk=location.pk)


def lock_locations(location_ids: Iterable[int]) -> list[StorageLocation]:
    """The rows of several places, locked in the order of their keys, so that two writers cannot wait for each other.

    Not their keys, see `lock_location`.
    """
    ids = sorted(set(location_ids))
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("A location can only be locked inside a transaction.")
    places = StorageLocation.objects.select_for_update(no_key=True).filter(pk__in=ids)
    return list(places.order_by("pk"))


def held(location: StorageLocation, product: Product, until: datetime) -> int:
    """How many plants of a product the location held at a time: the sum of its movements up to then."""
    return StockMovement.objects.held_until(location, product, until).total()


def _build_movement(batch: StockBatch, quantity: int, details: MovementDetails) -> StockMovement:
    """The unsaved line. Where the details name no bin, it is the one the batch stands in or stood in last."""
    movement = StockMovement(batch=batch, quantity=quantity, is_inbound=quantity > 0)
    movement.source = MovementSource.MANUAL
    for name, value in details.items():
        setattr(movement, name, value)
    if movement.is_inbound and movement.destination_bin is None:
        movement.destination_bin = batch.current_storage_bin or _last_bin(batch)
    if not movement.is_inbound and movement.source_bin is None:
        movement.source_bin = batch.current_storage_bin
    return movement


def _last_bin(batch: StockBatch) -> StorageBin | None:
    """The bin an emptied batch left last, unless that is retired by now."""
    left = StorageBin.objects.in_use().filter(outbound_movements__batch=batch)
    return left.order_by("outbound_movements__pk").last()
