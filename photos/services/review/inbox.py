"""What a supervisor should look at: counts that wait for a person, that are far from what was expected, or broken."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Q, Sum, TextField
from django.db.models.functions import Cast
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from demeter.accounts.models import User
from inventory.models import StockBatch
from photos.choices import BookingState, ImageStatus, SessionStatus
from photos.models import Image, ProcessingSession
from photos.warning_catalogue import CHECKED_AFTERWARDS, WAITING

BROKEN: Final = "broken"
CORRECTED: Final = "corrected"
#: The reasons for which a count stands in the inbox, in the order in which they are shown.
REASONS: Final[dict[str, str | Promise]] = {
    **{warning.value: warning.label for warning in WAITING},
    **{warning.value: warning.label for warning in CHECKED_AFTERWARDS},
    CORRECTED: _("Corrected, not validated yet"),
    BROKEN: _("Could not be counted"),
}


@dataclass(frozen=True)
class Reason:
    """Why counts stand in the inbox, and how many."""

    code: str
    label: str | Promise
    count: int


def inbox_of(user: User, reason: str = "") -> Any:
    """The newest counts of photos that this user should look at, those that wait longest first.

    `reason` is one of REASONS; without one, or with an unknown one, all of them.
    """
    condition = _condition(reason) if reason in REASONS else _any_condition()
    return _counts_of(user).filter(condition).order_by("image__uploaded_at", "pk")


def reasons_for(user: User) -> list[Reason]:
    """How many counts stand in the inbox for each reason; reasons without any are left out. One query."""
    conditions = {code: _condition(code) for code in REASONS}
    counts = (
        _counts_of(user)
        .filter(_any_condition())
        .order_by()
        .aggregate(
            **{code: Count("pk", filter=condition, distinct=True) for code, condition in conditions.items()}
        )
    )
    return [Reason(code, REASONS[code], counts[code]) for code in REASONS if counts[code]]


def reason_of(session: ProcessingSession) -> str | Promise:
    """Why a count stands in the inbox, in words: the first of its reasons. Warnings that ask nobody are none."""
    if session.status == SessionStatus.FAILED:
        return REASONS[BROKEN]
    codes = (*WAITING, *(() if session.validated else CHECKED_AFTERWARDS))
    return REASONS[next((code.value for code in codes if code in session.warnings), CORRECTED)]


def books_beside(sessions: Sequence[ProcessingSession]) -> dict[int, int]:
    """What the books say beside each count, in living plants by the key of the count. One query.

    For a booked count that is what was expected before its photo; else what its place holds of its product now, or of
    all products where nobody knows which. Counts without a place are left out.
    """
    places = {session.storage_location_id for session in sessions if session.storage_location_id}
    rows = (
        StockBatch.objects.filter(storage_location__in=places)
        .order_by()
        .values_list("storage_location", "product")
        .annotate(plants=Sum("quantity_current"))
    )
    held = {(place, product): plants for place, product, plants in rows}
    books = {}
    for session in sessions:
        if session.booking_state == BookingState.BOOKED and session.expected_living is not None:
            books[session.pk] = session.expected_living
        elif session.storage_location_id is not None:
            books[session.pk] = sum(
                plants
                for (place, product), plants in held.items()
                if place == session.storage_location_id and session.product_id in (None, product)
            )
    return books


def _counts_of(user: User) -> Any:
    photos = Image.objects.visible_to(user).not_deleted().in_inventory()
    return (
        ProcessingSession.objects.newest()
        .filter(image__in=photos)
        .annotate(warning_codes=Cast("warnings", TextField()))
    )


def _condition(reason: str) -> Q:
    if reason == BROKEN:
        return Q(status=SessionStatus.FAILED)
    if reason == CORRECTED:
        return Q(pk__in=ProcessingSession.objects.with_draft().values("pk"))
    if reason in CHECKED_AFTERWARDS:
        return Q(
            booking_state=BookingState.BOOKED,
            validated=False,
            warning_codes__contains=f'"{reason}"',  # a code in quotes, as JSON has it
        )
    return Q(
        booking_state=BookingState.WAITING,
        image__status=ImageStatus.FAILED,
        image__error_details__startswith=f"{reason}:",
    )


def _any_condition() -> Q:
    condition = Q()
    for reason in REASONS:
        condition |= _condition(reason)
    return condition
