"""What a photo waits for, solved there and then: as a dialog over another page, or as a page of its own."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from inventory.models import StorageLocation
from photos.choices import CountWarning, SessionStatus
from photos.error_texts import error_text
from photos.image_urls import picture_url, thumbnail_url
from photos.models import Image, ProcessingSession
from photos.pages.decisions import back_to, show
from photos.pages.permissions import can_review, find_photo, require_reader, user_of
from photos.pages.place_forms import ConfigurationForm, DensityForm
from photos.pages.questions import questions_of
from photos.services.booking.image_status import blocking
from photos.services.corrections.drafts import draft_of
from photos.warning_catalogue import WAITING, WARNINGS
from photos.warning_texts import warnings_of

MAX_FOUND_PLACES: Final = 8


@dataclass(frozen=True)
class Helpers:
    """The people who can answer what the reader of a page cannot."""

    role: str
    names: list[str]


@require_safe
@never_cache  # the links to the pictures end, and what waits changes
@require_reader
def fix(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """The newest count of a photo with what it waits for: answers for those who may give them, else who can.

    `q` searches for the place that the photo shows.
    """
    user = user_of(request)
    image = find_photo(user, image_id)
    session = (
        image.sessions.select_related(
            "image", "storage_location__storage_area", "product", "packaging", "configuration", "moved_from"
        )
        .order_by("-attempt")
        .first()
    )
    searched = request.GET.get("q", "").strip()[:100]
    context: dict[str, Any] = {
        "image": image,
        "session": session,
        "back": back_to(request, image),
        "picture_url": thumbnail_url(image, session.processed_image_id if session else None)
        or picture_url(image),
        "can_review": can_review(user, image),
        "may_validate": user.has_role(Role.SUPERVISOR),
        "searched": searched,
        "error": error_text(session.error_code, session.error_message) if session else "",
        "warnings": warnings_of(session) if session else [],
        "draft": draft_of(session) if session else None,
        **(answers_for(image, session, user, searched) if session else {}),
    }
    return show(request, "fix", context)


def answers_for(image: Image, session: ProcessingSession, user: User, searched: str) -> dict[str, Any]:
    """What may be answered about a count, and who answers the rest. `searched` are words of a place's name or code."""
    open_codes = {*blocking(session), *map(CountWarning, _known(session.warnings))}
    found: dict[str, Any] = {
        "helpers": _helpers(user, image, open_codes),
        "asks_calibration": CountWarning.NEEDS_CALIBRATION in open_codes,
    }
    if not can_review(user, image):
        return found
    found |= questions_of(session, user)
    found["may_name_place"] = image.with_inventory
    if searched:
        found["found_places"] = StorageLocation.objects.in_use().matching(searched)[:MAX_FOUND_PLACES]
    if user.has_role(Role.ADMIN):
        if CountWarning.NEEDS_CONFIG in open_codes and session.storage_location is not None:
            found["configuration_form"] = ConfigurationForm.beside(session.storage_location)
        if CountWarning.NEEDS_CALIBRATION in open_codes and session.product is not None:
            found["density_form"] = DensityForm.of(session)
    found["can_count_again"] = session.status in (SessionStatus.FAILED, SessionStatus.COMPLETED)
    return found


def _known(codes: list[str]) -> list[str]:
    return [code for code in codes if code in CountWarning.values]


def _helpers(user: User, image: Image, codes: set[CountWarning]) -> list[Helpers]:
    """Who can answer what this user cannot; nobody where he can answer all himself."""
    others = None if can_review(user, image) else Role.SUPERVISOR
    needed = {WARNINGS[code].answered_by or (others if code in WAITING else None) for code in codes}
    roles = [role for role in Role if role in needed and not user.has_role(role)]
    return [Helpers(str(role.label), User.objects.names_with(role)) for role in roles]
