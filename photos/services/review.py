"""What a person says about a count."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.accounts.models import User
from inventory.models import StockMovement
from photos.choices import BookingState, CountWarning, SessionStatus
from photos.errors import NotCounted
from photos.models import ProcessingSession
from photos.services.autocalibration import learn
from photos.services.booking import book
from photos.services.sessions import refresh_warnings, settle_image


@transaction.atomic
def validate(*, session: ProcessingSession, user: User, note: str = "") -> ProcessingSession:
    """Accept a count as it stands, and book it: also a partial one, and one that the books could not follow.

    What it shows of its plants is learnt from then on (photos.services.autocalibration).
    Raises NotCounted while the count has no end, or has failed. Validating twice changes nothing.
    """
    session = ProcessingSession.objects.select_for_update().get(pk=session.pk)
    if session.status != SessionStatus.COMPLETED:
        raise NotCounted(_("Only a finished count can be validated. Wait for it, or count the photo again."))
    if not session.validated:
        session.validated, session.validated_by, session.validation_date = True, user, timezone.now()
    if note:
        session.manual_adjustments = {**session.manual_adjustments, "note": note[:500]}
    session.accepted_partial = session.accepted_partial or CountWarning.PARTIAL_COUNT in session.warnings
    session.save(
        update_fields=[
            "validated",
            "validated_by",
            "validation_date",
            "manual_adjustments",
            "accepted_partial",
        ]
    )
    book(session, take_what_is_there=True)
    learn(session)
    session.refresh_from_db()
    refresh_warnings(session)
    settle_image(session)
    return session


def movements_of(session: ProcessingSession) -> Any:
    """The movements that this count booked, oldest first."""
    return StockMovement.objects.filter(session_uuid=session.uuid).select_related("batch").order_by("pk")


def is_waiting(session: ProcessingSession) -> bool:
    """Whether the count waits for a person's answer before it can be booked."""
    return session.booking_state == BookingState.WAITING
