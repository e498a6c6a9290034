"""What a person says about a count."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.accounts.models import User
from inventory.models import StockMovement
from photos.choices import CountWarning, SessionStatus
from photos.errors import CountReplaced, NotCounted
from photos.models import ProcessingSession
from photos.services.booking.image_status import blocking
from photos.services.booking.newer_counts import is_replaced
from photos.services.booking.stock_evidence import accept_shortfall, lock_photos, settle_places
from photos.services.context.place_calibration import update_calibration
from photos.services.corrections import adoption
from photos.services.execution.annotation_data import have_drawn_again
from photos.services.review.edits import correct
from photos.warning_catalogue import NOT_ACCEPTED_BY_VALIDATING


@transaction.atomic
def validate(
    *,
    session: ProcessingSession,
    user: User,
    note: str = "",
    version: int | None = None,
    adjustments: Sequence[Mapping[str, Any]] = (),
) -> ProcessingSession:
    """Accept a count with its corrections, and book it: also a partial one, and one that the books could not follow.

    `adjustments` are counts by hand (`hand_counts` of a correction) that the same person makes first; `version` is
    that of the findings which the person has seen, None where nobody can have changed them.
    What the count shows of its plants is learnt from then on (photos.services.context.place_calibration).
    Validating twice changes nothing; validating again after a correction books the difference.
    Raises NotCounted while the count has no end, or has failed; CountReplaced if a newer count of the same photo
    stands; FindingsChanged if somebody has corrected it since.
    """
    session, places = _lock(session)
    if session.status != SessionStatus.COMPLETED:
        raise NotCounted(_("Only a finished count can be validated. Wait for it, or count the photo again."))
    if is_replaced(session):
        raise CountReplaced(_("A newer count of this photo stands. Look at that one and validate it."))
    if adjustments or version is not None:
        correct(
            session=session,
            user=user,
            version=session.version if version is None else version,
            operations={"hand_counts": list(adjustments)},
        )
        session.refresh_from_db()
    # A shortfall is accepted by an adjustment: another one later must ask again.
    accepted = [str(code) for code in blocking(session) if code not in NOT_ACCEPTED_BY_VALIDATING]
    if not session.validated or session.validated_version != session.version:
        session.validated, session.validated_by, session.validation_date = True, user, timezone.now()
        adoption.adopt(session)
        if session.is_corrected:
            have_drawn_again(session)
    if note:
        session.manual_adjustments = {**session.manual_adjustments, "note": note[:500]}
    session.accepted_warnings = [*session.accepted_warnings, *accepted]
    session.save(
        update_fields=[
            "validated", "validated_by", "validation_date", "accepted_warnings", *adoption.FIELDS,
        ]
    )  # fmt: skip
    update_calibration(session)
    settle_places(places)
    session.refresh_from_db()
    accept_shortfall(session, user)
    session.refresh_from_db()
    return session


@transaction.atomic
def withdraw_validation(*, session: ProcessingSession, user: User) -> ProcessingSession:
    """Take a person's word on a count back, with all that it had booked. Repeating it changes nothing.

    What the count had waited for, it waits for again. Raises NotCounted if nobody has validated it.
    """
    session, places = _lock(session)
    if not session.validated:
        raise NotCounted(_("Nobody has validated this count."))
    kept = session.manual_adjustments.get("kept", 0)
    session.validated, session.validated_by, session.validation_date = False, None, None
    session.accepted_warnings = []
    if session.is_corrected:
        have_drawn_again(session)
    adoption.disown(session)
    session.manual_adjustments = {
        **{key: value for key, value in session.manual_adjustments.items() if key not in ("kept", "missing")},
        "withdrawn_by": user.name,
    }
    session.save(
        update_fields=[
            "validated", "validated_by", "validation_date", "accepted_warnings", *adoption.FIELDS,
        ]
    )  # fmt: skip
    restore = {}
    if session.storage_location_id is not None and session.product_id is not None and kept:
        restore = {(session.storage_location_id, session.product_id): kept}
    update_calibration(session)
    settle_places(places, restore=restore)
    session.refresh_from_db()
    return session


@transaction.atomic
def answer(*, session: ProcessingSession, warning: CountWarning) -> ProcessingSession:
    """Note that a person has answered what a photo waited for, for all its counts; other questions stay open.

    For what concerns the photo and not one count: the place it was named, its date, another product at its place.
    """
    session, places = _lock(session)
    for count in session.image.sessions.all():
        if warning not in count.accepted_warnings:
            count.accepted_warnings = [*count.accepted_warnings, str(warning)]
            count.save(update_fields=["accepted_warnings"])
    settle_places(places)
    session.refresh_from_db()
    return session


def movements_of(session: ProcessingSession) -> Any:
    """The movements that this count booked, oldest first."""
    return StockMovement.objects.filter(session_uuid=session.uuid).select_related("batch").order_by("pk")


def _lock(session: ProcessingSession) -> tuple[ProcessingSession, set[int]]:
    """The count and its places, with its photo locked in the order in which everybody locks them."""
    places = lock_photos([session.image_id])
    counts = ProcessingSession.objects.select_for_update(
        of=("self",), no_key=True
    )  # a correction takes this lock alone
    return counts.select_related("image").get(pk=session.pk), places
