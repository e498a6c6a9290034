"""Makes the ledger of a place say what its evidence says (see `statement`). Nothing else writes `foto` movements.

Everything that changes the evidence calls `settle` for each place it touches: a count that ended, a place named or
changed, a recount, a correction, an acceptance, the trash, a movement, a configuration. Repeating it writes nothing.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from demeter.accounts.models import User
from inventory.choices import MovementReason, MovementSource, MovementType
from inventory.errors import InsufficientStock
from inventory.models import ManualCount, StockBatch, StockMovement, StorageLocation
from inventory.services import postings
from inventory.services.allocation import NewBatch, Slot
from inventory.services.count_source import count_source
from inventory.services.ledger import MovementDetails, append_movement, lock_location, lock_locations
from inventory.services.postings import Line
from inventory.services.statement import Count, PlaceStatement, RecordedMovement, state_place

_NO_PHOTO: Final = UUID(int=0)  # the key of `foto` lines that no count stands behind


@dataclass(frozen=True)
class PendingMovement:
    """A movement that a person records: written together with what it changes."""

    batch: StockBatch
    quantity: int
    details: MovementDetails
    is_reversal: bool = (
        False  # of an acceptance that was withdrawn: nobody asks whether the place holds so much
    )


@dataclass
class Settlement:
    """What settling one place found and wrote.

    shortfalls: plants by which the statement of a product lies below zero; its stock is left as it was.
    before, after: living plants by product.
    """

    location: StorageLocation
    statement: PlaceStatement
    shortfalls: dict[int, int] = field(default_factory=dict)
    movements: list[StockMovement] = field(default_factory=list)
    before: dict[int, int] = field(default_factory=dict)
    after: dict[int, int] = field(default_factory=dict)

    @property
    def changed(self) -> dict[int, tuple[int, int]]:
        """Products whose quantity is another than before: {product: (before, after)}."""
        products = {*self.before, *self.after}
        pairs = {pk: (self.before.get(pk, 0), self.after.get(pk, 0)) for pk in products}
        return {pk: pair for pk, pair in pairs.items() if pair[0] != pair[1]}


@transaction.atomic
def settle(
    location_ids: Iterable[int],
    *,
    pending: Sequence[PendingMovement] = (),
    restore: Mapping[tuple[int, int], int] | None = None,
) -> list[Settlement]:
    """Settle these places, locked in the order of their keys.

    Args:
        location_ids: the places whose evidence changed.
        pending: movements of people to be written with it; each counts as evidence.
        restore: {(location, product): plants} that a withdrawn acceptance had taken from the books; they come back
            if the statement lies below zero again.
    Raises: InsufficientStock if a pending movement takes more than a place holds; then nothing is written.
    """
    settlements = []
    for location in lock_locations(location_ids):
        own = [movement for movement in pending if movement.batch.storage_location_id == location.pk]
        back = {
            product: plants for (place, product), plants in (restore or {}).items() if place == location.pk
        }
        settlements.append(_Place(location, own, back).settle())
    return settlements


def statement_of(location: StorageLocation) -> PlaceStatement:
    """What the evidence says of a place now. Call inside a transaction; writes no movement."""
    place = _Place(lock_location(location), [], {})
    return state_place(place.counts, place.recorded())


class _Place:
    """One place while it is settled: its rows, read once."""

    def __init__(
        self, location: StorageLocation, pending: Sequence[PendingMovement], restore: Mapping[int, int]
    ) -> None:
        self.location, self.pending, self.restore = location, list(pending), restore
        self.source = count_source()
        self.batches = list(
            StockBatch.objects.at_location(location)
            .newest_first()
            .select_related("current_storage_bin__storage_bin_type", "product")
        )
        self.rows: list[Any] = list(
            StockMovement.objects.filter(batch__storage_location=location)
            .order_by("occurred_at", "pk")
            .values(
                "pk", "batch_id", "batch__product_id", "movement_type", "quantity", "occurred_at", "created_at",
                "session_uuid", "reference", "request_id", "destination_bin__storage_bin_type__category",
            )
        )  # fmt: skip
        sessions = {row["session_uuid"] for row in self.rows if row["session_uuid"]}
        self.photo_of = self.source.photos_of(sessions)
        self.counts = [*self._manual_counts(), *self.source.counts_at(location)]
        self.opened: dict[tuple[int, NewBatch], StockBatch] = {}

    def settle(self) -> Settlement:
        before = postings.held_by_product(self.batches)
        withdrawn = self._withdrawn_acceptances(state_place(self.counts, self.recorded()))
        self.pending += withdrawn
        statement = state_place(self.counts, self.recorded())
        self._refuse_overdraft(statement)
        settlement = Settlement(self.location, statement, before=before)
        products = {*statement.products, *before, *(row["batch__product_id"] for row in self.rows)}
        lines: list[Line] = []
        for product_id in sorted(products):
            lines += self._lines(product_id, settlement)
        lines.sort(key=lambda line: line.quantity <= 0)  # stable: what comes is written before what goes
        settlement.movements = [self._write(line) for line in lines]
        settlement.after = postings.held_by_product(StockBatch.objects.at_location(self.location))
        self.source.settled(self.location, settlement)
        return settlement

    def _manual_counts(self) -> list[Count]:
        initial = [
            Count(
                uuid=row["request_id"],
                key=row["request_id"],
                product_id=row["batch__product_id"],
                counted_at=row["occurred_at"],
                recorded_at=row["created_at"],
                order=row["pk"],
                quantity=row["quantity"],
                is_photo=False,
            )
            for row in self.rows
            if row["movement_type"] == MovementType.INITIAL_COUNT
        ]
        by_hand = [
            Count(
                uuid=count.uuid,
                key=count.uuid,
                product_id=count.product_id,
                counted_at=count.counted_at,
                recorded_at=count.created_at,
                order=count.pk,
                quantity=count.quantity,
                is_photo=False,
            )
            for count in ManualCount.objects.filter(storage_location=self.location)
        ]
        pending = [
            Count(
                uuid=movement.details["request_id"],
                key=movement.details["request_id"],
                product_id=movement.batch.product_id,
                counted_at=movement.details["occurred_at"],
                recorded_at=datetime.max.replace(tzinfo=movement.details["occurred_at"].tzinfo),
                quantity=movement.quantity,
                is_photo=False,
            )
            for movement in self.pending
            if movement.details["movement_type"] == MovementType.INITIAL_COUNT
        ]
        return [*initial, *by_hand, *pending]

    def recorded(self, *, with_pending: bool = True) -> list[RecordedMovement]:
        recorded = [
            RecordedMovement(
                product_id=row["batch__product_id"],
                batch_id=row["batch_id"],
                quantity=row["quantity"],
                occurred_at=row["occurred_at"],
            )
            for row in self.rows
            if row["movement_type"] != MovementType.PHOTO
        ]
        if with_pending:
            recorded += [
                RecordedMovement(
                    product_id=movement.batch.product_id,
                    batch_id=movement.batch.pk,
                    quantity=movement.quantity,
                    occurred_at=movement.details["occurred_at"],
                )
                for movement in self.pending
            ]
        return recorded

    def _withdrawn_acceptances(self, statement: PlaceStatement) -> list[PendingMovement]:
        """Reversals of adjustments by which a person accepted the shortfall of a count that stands here no more."""
        standing = {
            (count.uuid, count.product_id) for count in statement.in_force.values() if count.is_accepted
        }
        nets: dict[tuple[UUID, int, datetime], int] = defaultdict(int)
        for row in self.rows:
            is_acceptance = row["movement_type"] == MovementType.ADJUSTMENT and row["session_uuid"]
            if is_acceptance and (row["session_uuid"], row["batch__product_id"]) not in standing:
                nets[row["session_uuid"], row["batch_id"], row["occurred_at"]] += row["quantity"]
        batches = {batch.pk: batch for batch in self.batches}
        return [
            PendingMovement(
                batches[batch_id],
                -net,
                {
                    "movement_type": MovementType.ADJUSTMENT,
                    "request_id": uuid.uuid4(),
                    "user": User.objects.ml(),
                    "occurred_at": occurred_at,
                    "source": MovementSource.AUTOMATIC,
                    "session_uuid": session_uuid,
                    "reason": MovementReason.ACCEPTANCE_WITHDRAWN,
                },
                is_reversal=True,
            )
            for (session_uuid, batch_id, occurred_at), net in nets.items()
            if net
        ]

    def _refuse_overdraft(self, statement: PlaceStatement) -> None:
        """A person cannot take more of a product than the place holds."""
        taken: dict[int, int] = defaultdict(int)
        for movement in self.pending:
            if not movement.is_reversal and movement.quantity < 0:
                taken[movement.batch.product_id] -= movement.quantity
        if not taken:
            return
        earlier = state_place(self.counts, self.recorded(with_pending=False))
        books = postings.held_by_product(self.batches)
        for product_id, asked in taken.items():
            was, now = earlier.products[product_id].total, statement.products[product_id].total
            # A place whose statement lies below zero already holds what its books say until a person has decided.
            is_short = now < 0 <= was or (was < 0 and books.get(product_id, 0) < asked)
            if is_short:
                held = was if was >= 0 else books.get(product_id, 0)
                raise InsufficientStock(
                    _("%(place)s holds only %(held)d plants of this product.")
                    % {"place": self.location.code, "held": held},
                    location=self.location.code,
                    held=held,
                    asked=asked,
                )

    def _lines(self, product_id: int, settlement: Settlement) -> list[Line]:
        state = settlement.statement.products[product_id]
        movements = [movement for movement in self.pending if movement.batch.product_id == product_id]
        pending = [Line(movement.batch, movement.quantity, movement.details) for movement in movements]
        books = settlement.before.get(product_id, 0) + sum(line.quantity for line in pending)
        due = self._due(product_id, settlement.statement)
        total = state.total
        if total < 0:
            settlement.shortfalls[product_id] = -total
            reversals = sum(movement.quantity for movement in movements if movement.is_reversal)
            total = books - reversals + self.restore.get(product_id, 0)
            due = {self._key_of(state.deciding): total - books} if total != books else {}
        return [*pending, *self._foto_lines(product_id, settlement.statement, due, total, pending)]

    def _due(self, product_id: int, statement: PlaceStatement) -> dict[tuple[UUID, datetime], int]:
        """What `foto` lines must still add, by the count and the moment they belong to; withdrawn ones are reversed."""
        due: dict[tuple[UUID, datetime], int] = defaultdict(int)
        for (product, key, moment), quantity in statement.corrections.items():
            if product == product_id:
                due[key, moment] += quantity
        for row in self.rows:
            if row["movement_type"] == MovementType.PHOTO and row["batch__product_id"] == product_id:
                due[self._key_of_row(row), row["occurred_at"]] -= row["quantity"]
        return {key: quantity for key, quantity in due.items() if quantity}

    def _key_of(self, count: Count | None) -> tuple[UUID, datetime]:
        if count is not None:
            return count.key, count.counted_at
        return _NO_PHOTO, max(row["occurred_at"] for row in self.rows)

    def _key_of_row(self, row: Mapping[str, Any]) -> UUID:
        session: UUID | None = row["session_uuid"]
        if session is not None:
            return self.photo_of.get(session, session)
        reference: UUID | None = row["reference"]
        return reference or _NO_PHOTO

    def _foto_lines(
        self,
        product_id: int,
        statement: PlaceStatement,
        due: Mapping[tuple[UUID, datetime], int],
        total: int,
        pending: Sequence[Line],
    ) -> list[Line]:
        deciding = statement.products[product_id].deciding
        states = postings.batch_states(
            [batch for batch in self.batches if batch.product_id == product_id],
            self.rows,
            pending=pending,
            own_batches=self._own_batches(deciding),
        )
        after = statement.products[product_id].after_by_batch
        shown = postings.shown_by_category(deciding, after, states, total)
        changes = postings.changes_of(states, total, shown)
        if not due and not changes:
            return []
        main = self._key_of(deciding)
        placed = postings.place_changes(due, changes, main, fallback=states)
        sessions = {key: count for key, count in statement.in_force.items() if count.is_photo}
        return [
            Line(
                self._batch(slot, product_id, sessions.get(key[0]) or deciding),
                quantity,
                self._foto_details(key, sessions),
            )
            for (key, slot), quantity in placed.items()
        ]

    def _own_batches(self, deciding: Count | None) -> set[int]:
        """Batches on which the deciding count, or an earlier count of its photo, has booked before."""
        if deciding is None:
            return set()
        written = {
            row["batch_id"]
            for row in self.rows
            if self._key_of_row(row) == deciding.key or row["request_id"] == deciding.key
        }
        return written | {m.batch.pk for m in self.pending if m.details["request_id"] == deciding.key}

    def _foto_details(self, key: tuple[UUID, datetime], sessions: Mapping[UUID, Count]) -> MovementDetails:
        photo, moment = key
        session = sessions[photo].uuid if photo in sessions else self._last_session(photo)
        return {
            "movement_type": MovementType.PHOTO,
            "request_id": uuid.uuid4(),
            "user": User.objects.ml(),
            "occurred_at": moment,
            "source": MovementSource.AUTOMATIC,
            "session_uuid": session,
            "reference": None if session or photo == _NO_PHOTO else photo,
        }

    def _last_session(self, photo: UUID) -> UUID | None:
        """The session that booked last for a photo which stands here no more: its lines are reversed in its name."""
        own = [
            row["session_uuid"] for row in self.rows if row["session_uuid"] and self._key_of_row(row) == photo
        ]
        return own[-1] if own else None

    def _batch(self, slot: Slot, product_id: int, count: Count | None) -> StockBatch:
        if isinstance(slot, int):
            return next(batch for batch in self.batches if batch.pk == slot)
        if (product_id, slot) not in self.opened:
            batch = postings.open_batch(self.location, product_id, slot.category, count)
            self.opened[product_id, slot] = batch
        return self.opened[product_id, slot]

    def _write(self, line: Line) -> StockMovement:
        return append_movement(batch=line.batch, quantity=line.quantity, **line.details)
