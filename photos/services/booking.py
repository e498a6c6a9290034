"""The only way a count becomes stock.

The newest photo of a place decides: it books the living it shows minus what the books held at the moment it was
taken, as a signed `foto` movement. So stock equals the newest count, what was recorded since stays true, and photos
never add up. Booking again books the difference to what is booked, so repeating it writes nothing.
"""

import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from demeter.accounts.models import User
from inventory.choices import BinCategory, MovementSource, MovementType
from inventory.models import StockBatch, StockMovement, StorageBinType, StorageLocation
from inventory.services.places import get_photo_bin
from inventory.services.stock import create_batch, record_movement
from photos.bins import BIN_CATEGORIES, CONTAINER_TYPES
from photos.choices import BookingState, ContainerType, CountWarning
from photos.models import ProcessingSession

_NAMESPACE: Final = uuid.UUID("6f0f3d0e-7b1e-4a53-9f0c-0d5a3b8f1c55")  # of the request ids made here
_BIN_TYPE_CODES: Final = {
    ContainerType.SEGMENT: "SEGMENT",
    ContainerType.BOX: "BOX",
    ContainerType.PLUG: "PLUG",
}


@dataclass(frozen=True)
class _Line:
    """A movement that booking will write: so many plants more or fewer in one batch."""

    batch: StockBatch
    delta: int


class _Short(Exception):
    """A batch would fall below zero."""

    def __init__(self, missing: int) -> None:
        super().__init__(missing)
        self.missing = missing


@transaction.atomic
def book(session: ProcessingSession, *, take_what_is_there: bool = False) -> BookingState:
    """Book the living of a finished count, once, whatever is delivered twice.

    Args:
        session: a completed count.
        take_what_is_there: a person accepted a count that lies further below the books than its batches can give;
            take them down to zero instead of refusing.

    Returns: the state that the session is in afterwards; its row and its booking warnings are saved.
    """
    session = (
        ProcessingSession.objects.select_for_update(of=("self",)).select_related("image").get(pk=session.pk)
    )
    if not session.image.with_inventory:
        return BookingState.NOT_WANTED
    warnings = [w for w in session.warnings if w not in (CountWarning.NEEDS_REVIEW, CountWarning.SUPERSEDED)]
    partial = CountWarning.PARTIAL_COUNT in warnings and not session.accepted_partial
    if session.storage_location_id is None or session.product_id is None or partial:
        return _end(session, BookingState.WAITING, warnings)
    location = StorageLocation.objects.select_for_update().get(pk=session.storage_location_id)
    if _is_superseded(session):
        return _end(session, BookingState.SUPERSEDED, [*warnings, CountWarning.SUPERSEDED])
    ml_user = User.objects.ml()
    try:
        lines = [
            *_give_back_elsewhere(session, lenient=take_what_is_there),
            *_lines(session, location, lenient=take_what_is_there),
        ]
    except _Short as short:
        session.manual_adjustments = {**session.manual_adjustments, "missing": short.missing}
        session.save(update_fields=["manual_adjustments"])
        return _end(session, BookingState.WAITING, [*warnings, CountWarning.NEEDS_REVIEW])
    if lines:
        session.booking_revision += 1
    for line in lines:
        record_movement(
            batch=line.batch,
            movement_type=MovementType.PHOTO,
            quantity=line.delta,
            user=ml_user,
            source=MovementSource.AUTOMATIC,
            request_id=uuid.uuid5(_NAMESPACE, f"{session.uuid}:{line.batch.pk}:{session.booking_revision}"),
            occurred_at=session.image.taken_at,
            session_uuid=session.uuid,
        )
    session.booked_quantity = session.total_living
    session.save(update_fields=["booking_revision", "booked_quantity"])
    return _end(session, BookingState.BOOKED, warnings)


def _end(session: ProcessingSession, state: BookingState, warnings: list[str]) -> BookingState:
    session.booking_state = state
    session.warnings = warnings
    session.save(update_fields=["booking_state", "warnings"])
    return state


def _is_superseded(session: ProcessingSession) -> bool:
    """Whether a newer photo of the same place and product, or a newer count of the same photo, is booked.

    Newest by the time it was taken; among equals the one uploaded later.
    """
    image = session.image
    booked = ProcessingSession.objects.filter(booking_state=BookingState.BOOKED)
    newer_photo = booked.filter(
        Q(image__taken_at__gt=image.taken_at)
        | Q(image__taken_at=image.taken_at, image__uploaded_at__gt=image.uploaded_at),
        storage_location=session.storage_location,
        product=session.product,
        image__deleted_at=None,
    ).exclude(image=image)
    newer_count = ProcessingSession.objects.counted().filter(image=image, attempt__gt=session.attempt)
    return newer_photo.exists() or newer_count.exists()


def _lines(session: ProcessingSession, location: StorageLocation, *, lenient: bool) -> list[_Line]:
    """What must change so that the books, as of the photo, hold what it shows: one line a batch."""
    living = _living_by_type(session)
    held = _held_by_type(
        session, location, fallback=max(living, key=lambda kind: living[kind], default=ContainerType.SEGMENT)
    )
    lines: list[_Line] = []
    for kind in ContainerType:
        difference = living.get(kind, 0) - held.get(kind, 0)
        if difference > 0:
            lines.append(_Line(_batch_to_raise(session, location, kind), difference))
        elif difference < 0:
            lines.extend(_take(session, location, kind, -difference, lenient=lenient))
    return lines


def _living_by_type(session: ProcessingSession) -> dict[ContainerType, int]:
    counts: Counter[ContainerType] = Counter()
    for container in session.containers.all():
        counts[ContainerType(container.type)] += container.detected + container.estimated - container.dead
    return dict(counts)


def _held_by_type(
    session: ProcessingSession, location: StorageLocation, *, fallback: ContainerType
) -> dict[ContainerType, int]:
    """What the books held of the product at this place when the photo was taken, by type of container.

    An emptied batch has left its bin: what it held then is laid to `fallback`, so that the sum stays right.
    """
    rows = (
        StockMovement.objects.filter(
            batch__storage_location=location,
            batch__product=session.product,
            occurred_at__lte=session.image.taken_at,
        )
        .values(category=F("batch__current_storage_bin__storage_bin_type__category"))
        .annotate(quantity=Sum("quantity"))
    )
    held: Counter[ContainerType] = Counter()
    for row in rows:
        kind = CONTAINER_TYPES[BinCategory(row["category"])] if row["category"] else fallback
        held[kind] += row["quantity"]
    return dict(held)


def _own_batches(session: ProcessingSession) -> QuerySet[StockBatch]:
    """Batches that earlier counts of the same photo, or this one, have booked on."""
    uuids = [str(value) for value in session.image.sessions.values_list("uuid", flat=True)]
    return StockBatch.objects.filter(movements__session_uuid__in=uuids).distinct()


def _batch_to_raise(session: ProcessingSession, location: StorageLocation, kind: ContainerType) -> StockBatch:
    """The batch this photo has booked on before, else a new one in the place's bin for what photos show."""
    own = _own_batches(session).filter(
        storage_location=location,
        product=session.product,
        # Also when emptied since.
        movements__destination_bin__storage_bin_type__category__in=BIN_CATEGORIES[kind],
    )
    if (batch := own.order_by("pk").first()) is not None:
        return batch
    bin_type = StorageBinType.objects.get(code=_BIN_TYPE_CODES[kind])
    confidence = session.avg_confidence
    if session.product is None or session.product_state is None:
        raise ValueError("Only a count whose configuration is known can be booked.")
    return create_batch(
        storage_location=location,
        storage_bin=get_photo_bin(location, bin_type),
        product=session.product,
        product_state=session.product_state,
        packaging=session.packaging,
        quality_score=None if confidence is None else round(5 * confidence, 2),
        on=timezone.localdate(session.image.taken_at),
    )


def _take(
    session: ProcessingSession,
    location: StorageLocation,
    kind: ContainerType,
    quantity: int,
    *,
    lenient: bool,
) -> list[_Line]:
    """Take plants from the photo's own batches, then from the newest. Raises _Short if they hold too few."""
    own = set(_own_batches(session).values_list("pk", flat=True))
    batches = list(
        StockBatch.objects.at(location)
        .in_stock()
        .filter(
            product=session.product, current_storage_bin__storage_bin_type__category__in=BIN_CATEGORIES[kind]
        )
        .newest_first()
    )
    batches.sort(key=lambda batch: batch.pk not in own)  # stable: the newest first within each half
    lines: list[_Line] = []
    for batch in batches:
        if quantity == 0:
            break
        taken = min(quantity, batch.quantity_current)
        lines.append(_Line(batch, -taken))
        quantity -= taken
    if quantity and not lenient:
        raise _Short(quantity)
    return lines


def _give_back_elsewhere(session: ProcessingSession, *, lenient: bool) -> list[_Line]:
    """Undo what this photo had booked at another place or for another product: it turned out to be wrong there."""
    uuids = list(session.image.sessions.values_list("uuid", flat=True))
    wrong = (
        StockMovement.objects.filter(session_uuid__in=uuids)
        .exclude(batch__storage_location=session.storage_location, batch__product=session.product)
        .values("batch")
        .annotate(net=Sum("quantity"))
        .exclude(net=0)
    )
    lines: list[_Line] = []
    for row in wrong:
        batch = StockBatch.objects.get(pk=row["batch"])
        delta = -row["net"]
        if batch.quantity_current + delta < 0:
            if not lenient:
                raise _Short(-delta - batch.quantity_current)
            delta = -batch.quantity_current
        if delta:
            lines.append(_Line(batch, delta))
    return lines
