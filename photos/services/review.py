"""What a person says about a count."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.accounts.models import User
from inventory.models import StockMovement
from photos.choices import BookingState, CountWarning, SessionStatus
from photos.errors import CountReplaced, NotCounted
from photos.models import Image, ProcessingSession
from photos.services.autocalibration import learn
from photos.services.booking import accept_shortfall, lock_places_of, places_of, settle_places
from photos.services.image_status import blocking

#: Without place and product nobody knows what to book, whatever a person accepts.
_NOT_ACCEPTED = {CountWarning.NEEDS_LOCATION, CountWarning.NEEDS_CONFIG, CountWarning.NEEDS_REVIEW}


@transaction.atomic
def validate(*, session: ProcessingSession, user: User, note: str = "") -> ProcessingSession:
    """Accept a count as it stands, and book it: also a partial one, and one that the books could not follow.

    What it shows of its plants is learnt from then on (photos.services.autocalibration).
    Validating twice changes nothing.
    Raises NotCounted while the count has no end, or has failed; CountReplaced if a newer count of the same photo
    stands.
    """
    session = _lock(session)
    if session.status != SessionStatus.COMPLETED:
        raise NotCounted(_("Only a finished count can be validated. Wait for it, or count the photo again."))
    if _is_replaced(session):
        raise CountReplaced(_("A newer count of this photo stands. Look at that one and validate it."))
    # A shortfall is accepted by an adjustment: another one later must ask again.
    accepted = [str(code) for code in blocking(session) if code not in _NOT_ACCEPTED]
    if not session.validated:
        session.validated, session.validated_by, session.validation_date = True, user, timezone.now()
    if note:
        session.manual_adjustments = {**session.manual_adjustments, "note": note[:500]}
    session.accepted_warnings = [*session.accepted_warnings, *accepted]
    session.save(
        update_fields=[
            "validated", "validated_by", "validation_date", "manual_adjustments", "accepted_warnings",
        ]
    )  # fmt: skip
    learn(session)
    settle_places(places_of([session.image_id]))
    session.refresh_from_db()
    accept_shortfall(session, user)
    session.refresh_from_db()
    return session


@transaction.atomic
def withdraw_validation(*, session: ProcessingSession, user: User) -> ProcessingSession:
    """Take a person's word on a count back, with all that it had booked. Repeating it changes nothing.

    What the count had waited for, it waits for again. Raises NotCounted if nobody has validated it.
    """
    session = _lock(session)
    if not session.validated:
        raise NotCounted(_("Nobody has validated this count."))
    kept = session.manual_adjustments.get("kept", 0)
    session.validated, session.validated_by, session.validation_date = False, None, None
    session.accepted_warnings = []
    session.manual_adjustments = {
        **{key: value for key, value in session.manual_adjustments.items() if key not in ("kept", "missing")},
        "withdrawn_by": user.name,
    }
    session.save(
        update_fields=[
            "validated", "validated_by", "validation_date", "accepted_warnings", "manual_adjustments",
        ]
    )  # fmt: skip
    restore = {}
    if session.storage_location_id is not None and session.product_id is not None and kept:
        restore = {(session.storage_location_id, session.product_id): kept}
    learn(session)
    settle_places(places_of([session.image_id]), restore=restore)
    session.refresh_from_db()
    return session


@transaction.atomic
def answer(*, session: ProcessingSession, warning: CountWarning) -> ProcessingSession:
    """Note that a person has answered what a photo waited for, for all its counts; other questions stay open.

    For what concerns the photo and not one count: the place it was named, its date, another product at its place.
    """
    session = _lock(session)
    for count in session.image.sessions.all():
        if warning not in count.accepted_warnings:
            count.accepted_warnings = [*count.accepted_warnings, str(warning)]
            count.save(update_fields=["accepted_warnings"])
    settle_places(places_of([session.image_id]))
    session.refresh_from_db()
    return session


def movements_of(session: ProcessingSession) -> Any:
    """The movements that this count booked, oldest first."""
    return StockMovement.objects.filter(session_uuid=session.uuid).select_related("batch").order_by("pk")


def is_waiting(session: ProcessingSession) -> bool:
    """Whether the count waits for a person's answer before it can be booked."""
    return session.booking_state == BookingState.WAITING


def _lock(session: ProcessingSession) -> ProcessingSession:
    """The count with its places and its photo locked, in the order in which everybody locks them."""
    lock_places_of(session.image_id)
    Image.objects.select_for_update().get(pk=session.image_id)
    return ProcessingSession.objects.select_related("image").get(pk=session.pk)


def _is_replaced(session: ProcessingSession) -> bool:
    """Whether a newer count of the same photo stands: finished, and nothing about it waits for a person."""
    if session.validated:
        return False
    newer = ProcessingSession.objects.counted().filter(image=session.image_id, attempt__gt=session.attempt)
    return any(
        count.validated or set(blocking(count)) <= {CountWarning.NEEDS_REVIEW}
        for count in newer.select_related("image")
    )
