"""What photos tell the inventory: their counts are the evidence that the stock of a place is settled from.

The statement itself, and the `foto` movements that make the ledger follow it, are written by
`inventory.services.settlement`. Here stands which counts there are, what they show and what they wait for, and what
the settlement means for the rows of photos.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce, NullIf

from demeter.accounts.models import User
from inventory.choices import BinCategory, MovementReason, MovementType
from inventory.models import StockMovement, StorageLocation
from inventory.services.ledger import lock_locations
from inventory.services.postings import any_batch
from inventory.services.settlement import PendingMovement, Settlement, settle
from inventory.services.statement import Count, Hold
from photos.choices import BookingState, ContainerType, CountWarning, StepKind
from photos.models import Image, PhotoContainer, ProcessingSession
from photos.services.booking import count_warnings
from photos.services.booking.booked_movements import note_movements
from photos.services.booking.image_status import update_image_status
from photos.services.context.configuration import follow_configuration

#: A count that a person stands for goes before any later one that nobody does.
_ACCEPTED_RANK: Final = 1_000_000
#: By which task plants are found in what stands for a bin of each category.
_METHODS: Final = {
    BinCategory(kind): StepKind.DETECT_SLICED if kind == ContainerType.SEGMENT else StepKind.DETECT_DIRECT
    for kind in ContainerType.values
}
_JUST_AFTER: Final = timedelta(microseconds=1)


def settle_session(session: ProcessingSession, place_ids: Iterable[int] | None = None) -> BookingState:
    """Settle every place that a count's photo touches. Call inside a transaction; repeating it writes nothing.

    Args:
        session: the count.
        place_ids: those places, where `lock_photos` has told and locked them.

    Returns: the state of the count afterwards. Its row, its warnings and its photo's status are saved.
    """
    settle_places(places_of([session.image_id]) if place_ids is None else place_ids)
    session.refresh_from_db()
    if session.storage_location_id is None:
        _refresh_without_place(session)
    return BookingState(session.booking_state)


def settle_places(location_ids: Iterable[int], **options: object) -> list[Settlement]:
    """Settle these places once more (`inventory.services.settlement.settle`)."""
    return settle(location_ids, **options)  # type: ignore[arg-type]  # its own keyword arguments


def places_of(image_ids: Collection[UUID]) -> set[int]:
    """The places that these photos are said to show, and those where one of their counts is booked.

    Those of other uploads of the same bytes too: two that name different places contradict each other.
    """
    hashes = Image.objects.filter(pk__in=image_ids).values("sha256")
    sessions = ProcessingSession.objects.filter(image__sha256__in=hashes, image__with_inventory=True)
    named = set(sessions.exclude(storage_location=None).values_list("storage_location", flat=True))
    booked = StockMovement.objects.filter(session_uuid__in=list(sessions.values_list("uuid", flat=True)))
    return named | set(booked.order_by().values_list("batch__storage_location", flat=True).distinct())


def lock_photos(image_ids: Collection[UUID], *also: StorageLocation | None) -> set[int]:
    """Lock the places that photos touch, then the photos: everybody takes these locks in this order.

    A photo that somebody moved before its locks came is at a place that is not locked. Its row is let go then, since
    who holds that place may wait for it, and all locks are taken anew.

    Args:
        image_ids: the photos.
        also: places that are to be named for them.

    Returns: the keys of all these places: whoever settles others than these takes a lock out of order.
    """
    named = {place.pk for place in also if place is not None}
    while True:
        places = places_of(image_ids) | named
        before = transaction.savepoint()
        lock_locations(places)
        photos = Image.objects.select_for_update(no_key=True).filter(pk__in=image_ids)
        list(photos.order_by("pk").values_list("pk"))
        if places_of(image_ids) <= places:
            transaction.savepoint_commit(before)
            return places
        transaction.savepoint_rollback(before)


def accept_shortfall(session: ProcessingSession, user: User) -> None:
    """Write what an accepted count is short of as an adjustment in the name of who accepts it.

    It is dated just after the photo: from then on the plants are known to have been there. Writes nothing where the
    statement is not below zero because of this count, nor for a photo in the trash. The count must be settled.
    """
    missing = session.manual_adjustments.get("missing")
    place, product = session.storage_location, session.product
    if CountWarning.NEEDS_REVIEW not in session.warnings or not missing or place is None or product is None:
        return
    if session.image.deleted_at is not None:  # it counts nowhere; restored, it asks again
        return
    kept = StockMovement.objects.filter(batch__storage_location=place, batch__product=product).total()
    session.manual_adjustments = {**session.manual_adjustments, "kept": kept}
    session.save(update_fields=["manual_adjustments"])
    settle(
        [place.pk],
        pending=[
            PendingMovement(
                any_batch(place, product),
                missing,
                {
                    "movement_type": MovementType.ADJUSTMENT,
                    "request_id": uuid4(),
                    "user": user,
                    "occurred_at": session.image.taken_at + _JUST_AFTER,
                    "session_uuid": session.uuid,
                    "reason": MovementReason.ACCEPTED_BELOW_BOOKS,
                },
            )
        ],
    )


class PhotoCounts:
    """The counts of photos as the settlement reads them (`inventory.services.count_source.CountSource`)."""

    def counts_at(self, location: StorageLocation) -> list[Count]:
        """The finished counts of a place whose product is known, those that wait for a person included."""
        sessions = _sessions_at(location)
        follow_configuration(location, sessions)
        living = _living_by_category([session.pk for session in sessions])
        waits = count_warnings.waiting_at(location, sessions)
        return [
            _count(session, living[session.pk], waits=bool(waits[session.pk]))
            for session in sessions
            if session.product_id is not None
        ]

    def photos_of(self, session_uuids: Collection[UUID]) -> dict[UUID, UUID]:
        """The photo of each session."""
        return dict(ProcessingSession.objects.filter(uuid__in=session_uuids).values_list("uuid", "image_id"))

    def settled(self, location: StorageLocation, settlement: Settlement) -> None:
        """Note which counts decide, with their warnings, and what that does to their photos."""
        sessions = _sessions_at(location)
        waits = count_warnings.waiting_at(location, sessions)
        related = count_warnings.related_at(location, sessions)
        for session in sessions:
            before = count_warnings.stored(session)
            self._follow(session, settlement, waits[session.pk])
            count_warnings.refresh(session, waits[session.pk], related)
            if count_warnings.stored(session) != before:
                session.save(update_fields=count_warnings.FIELDS)
            if session.attempt == session.newest_attempt:
                update_image_status(session)
        note_movements({m.session_uuid for m in settlement.movements if m.session_uuid is not None})
        _date_last_photo(location, sessions)

    def _follow(self, session: ProcessingSession, settlement: Settlement, waits: list[CountWarning]) -> None:
        """Note what the settlement made of one count: its state, what it expected, what it is short of."""
        statement = settlement.statement
        hold = statement.held.get(session.uuid)
        if hold in (Hold.OTHER_PRODUCT, Hold.NOTHING_FOUND):
            waits.append(CountWarning(hold.value))
        deciding = statement.products[session.product_id].deciding if session.product_id else None
        decides = deciding is not None and deciding.uuid == session.uuid
        missing = settlement.shortfalls.get(session.product_id or 0, 0) if decides else 0
        if missing:
            waits.append(CountWarning.NEEDS_REVIEW)
            session.manual_adjustments = {**session.manual_adjustments, "missing": missing}
        expected = statement.expected.get(session.uuid)
        session.expected_living = None if expected is None else max(0, expected)
        if waits:
            session.booking_state, session.booked_quantity = BookingState.WAITING, None
        elif decides:
            session.booking_state, session.booked_quantity = BookingState.BOOKED, session.total_living
        else:
            session.booking_state, session.booked_quantity = BookingState.SUPERSEDED, None
        if any(movement.session_uuid == session.uuid for movement in settlement.movements):
            session.booking_revision += 1


def _date_last_photo(location: StorageLocation, sessions: Sequence[ProcessingSession]) -> None:
    """Keep when the newest photo of a place was taken, so that lists of places need not ask all photos."""
    taken_at = max((session.image.taken_at for session in sessions), default=None)
    if taken_at != location.last_photo_at:
        location.last_photo_at = taken_at
        location.save(update_fields=["last_photo_at"])


def _sessions_at(location: StorageLocation) -> list[Any]:  # sessions with the annotations below
    """The finished counts of the photos whose place this is: a photo shows the place that its newest count names."""
    of_image = ProcessingSession.objects.filter(image=OuterRef("image"))
    here = ProcessingSession.objects.filter(storage_location=location)
    return list(
        ProcessingSession.objects.counted()
        .filter(image__deleted_at=None, image__with_inventory=True, image__in=here.values("image"))
        .annotate(
            place_now=Subquery(of_image.order_by("-attempt").values("storage_location")[:1]),
            newest_attempt=Subquery(of_image.order_by("-attempt").values("attempt")[:1]),
            first_count=Subquery(of_image.order_by("attempt").values("pk")[:1]),
        )
        .filter(place_now=location.pk)
        .select_related("image", "product", "product_state", "packaging", "configuration")
        .order_by("image__taken_at", "image__uploaded_at", "pk")
    )


def _count(session: Any, living: dict[BinCategory, int], *, waits: bool) -> Count:
    image, accepted = session.image, set(session.accepted_warnings)
    return Count(
        uuid=session.uuid,
        key=image.pk,
        product_id=session.product_id or 0,
        counted_at=image.taken_at,
        recorded_at=image.uploaded_at,
        order=session.first_count,
        rank=session.attempt + (_ACCEPTED_RANK if session.validated else 0),
        quantity=session.total_living,
        by_category=living,
        methods=_METHODS,
        waits=waits,
        needs_sole_product=CountWarning.OTHER_PRODUCT not in accepted,
        cycle_began_at=session.configuration.started_at if session.configuration else None,
        needs_empty_place=(
            CountWarning.NO_CONTAINER in session.warnings and CountWarning.NOTHING_FOUND not in accepted
        ),
        is_accepted=session.validated,
        product_state_id=session.product_state_id,
        packaging_id=session.packaging_id,
        quality_score=None if session.avg_confidence is None else round(5 * session.avg_confidence, 2),
    )


def _living_by_category(session_ids: Sequence[int]) -> dict[int, dict[BinCategory, int]]:
    """The living plants of each count by what their containers are: as people say where they have corrected them."""
    by_model = F("detected") + F("estimated") - F("dead")
    rows = (
        PhotoContainer.objects.filter(session__in=session_ids)
        .annotate(stands_as=Coalesce(NullIf("human_type", Value("")), "type"))
        .values("session_id", "stands_as")
        .annotate(living=Sum(Coalesce("human_living", by_model)))
    )
    living: dict[int, dict[BinCategory, int]] = defaultdict(Counter)
    for row in rows:
        living[row["session_id"]][BinCategory(row["stands_as"])] += row["living"]
    return living


def _refresh_without_place(session: ProcessingSession) -> None:
    """A count whose place nobody knows waits; one without inventory has nothing to wait for."""
    if not session.image.with_inventory:
        session.booking_state = BookingState.NOT_WANTED
        waits: list[CountWarning] = []
    else:
        session.booking_state, session.booked_quantity = BookingState.WAITING, None
        waits = [CountWarning.NEEDS_LOCATION]
    session.expected_living = None
    count_warnings.refresh(session, waits, count_warnings.Related())
    session.save(update_fields=count_warnings.FIELDS)
    update_image_status(session)
