"""The page of one photo: the picture with what was found, what it was booked as, and its history."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from inventory.models import StockMovement
from inventory.movement_reasons import reason_text
from photos.choices import SessionStatus, StepKind, StepStatus
from photos.error_texts import error_text
from photos.image_urls import original_url, wanted_full_picture_url
from photos.models import Image, ProcessingSession
from photos.pages.comparison import comparison_of
from photos.pages.fixing import answers_for
from photos.pages.forms import CountAgainForm, ValidateForm
from photos.pages.history_chart import history_chart
from photos.pages.jobs import job_labels
from photos.pages.location_map import location_map
from photos.pages.neighbours import neighbours_of
from photos.pages.numbers import numbers_of
from photos.pages.overlay_data import findings_of
from photos.pages.permissions import can_review, find_photo, require_reader, user_of
from photos.pages.trace import trace_of
from photos.pages.viewer import viewer_context
from photos.pages.waiting_texts import waiting_text
from photos.services.context.newest_counts import place_history
from photos.services.corrections.drafts import draft_of
from photos.services.corrections.sums import validated_containers
from photos.services.review.validation import movements_of
from photos.warning_texts import reason_texts, warnings_of

HISTORY_LENGTH = 12
_MAX_DIGITS = 5  # of the number of a count, which is a smallint
TIMING_LABELS: dict[str, Promise] = {
    "decode": _("Reading the picture"),
    "segment": _("Finding containers"),
    "detect": _("Finding plants"),
    "estimate": _("Estimating hidden plants"),
    "draw": _("Drawing"),
    "total": _("In all"),
}
MODEL_LABELS: dict[str, Promise] = {"segmentation": _("Containers"), "detection": _("Plants")}


@require_safe
@never_cache  # the links to the pictures end
@require_reader
def photo(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """One photo and one of its counts: the newest, or the one that `?count=` numbers. 404 if there is none.

    A photo in the trash is shown to those who may restore it.
    """
    user = user_of(request)
    image = find_photo(user, image_id, with_trash=True)
    counts = list(image.sessions.select_related("storage_location", "requested_by").order_by("-attempt"))
    session = _chosen(image, request.GET.get("count"))
    is_newest = session is None or session.attempt == counts[0].attempt
    decides = can_review(user, image) and image.deleted_at is None
    return render(
        request,
        "photos/image_detail.html",
        {
            **viewer_context(image, session),
            "session": session,
            "is_newest": is_newest,
            "counts": counts,
            "neighbours": neighbours_of(image, user, request.GET),
            "trace": trace_of(image, session),
            "original_url": original_url(image),
            "back": request.path,
            "can_review": decides,
            "waiting_text": waiting_text(user, image),
            "may_validate": user.has_role(Role.SUPERVISOR),
            "count_again_form": CountAgainForm(),
            "validate_form": ValidateForm(),
            **(_about(session, user) if session else {}),
            **(_followed(session, user) if session else {}),
            **(
                answers_for(image, session, user, "")
                if session and is_newest and not image.deleted_at
                else {}
            ),
        },
    )


@require_safe
@require_reader
def findings(request: HttpRequest, image_id: UUID, attempt: int) -> JsonResponse:
    """What was found in one count, for the overlay. The browser keeps it until the findings change."""
    image = find_photo(user_of(request), image_id, with_trash=True)
    session = _chosen(image, str(attempt))
    if session is None:
        raise Http404
    response = JsonResponse(findings_of(session))
    response["Cache-Control"] = "private, no-cache"
    return response


@require_safe
@never_cache
@require_reader
def full_picture(request: HttpRequest, image_id: UUID) -> JsonResponse:
    """The link to the full picture, null until it is made: asking has it made. `is_broken`: it cannot be."""
    image = find_photo(user_of(request), image_id, with_trash=True)
    failed = image.steps.filter(kind=StepKind.UPLOAD_FULL_PICTURE, status=StepStatus.FAILED)
    url = wanted_full_picture_url(image)
    return JsonResponse({"url": url, "is_broken": url is None and failed.exists()})


@require_safe
@never_cache
@require_reader
def sheet(request: HttpRequest, image_id: UUID, attempt: int) -> HttpResponse:
    """A finished count as a PDF to print; 404 for any other."""
    from photos.pages.pdf_sheet import pdf_sheet  # noqa: PLC0415 - loads a library that no other page needs

    session = _chosen(find_photo(user_of(request), image_id), str(attempt))
    if session is None or session.status != SessionStatus.COMPLETED:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="count_{session.uuid}.pdf"'}
    return HttpResponse(pdf_sheet(session), content_type="application/pdf", headers=headers)


def _chosen(image: Image, attempt: str | None) -> ProcessingSession | None:
    counts = image.sessions.select_related(
        "image", "storage_location__storage_area__warehouse", "product", "product_state", "packaging", "configuration",
        "moved_from", "validated_by", "requested_by",
    )  # fmt: skip
    if attempt is None:
        return counts.order_by("-attempt").first()
    is_number = attempt.isdecimal() and len(attempt) <= _MAX_DIGITS
    session = counts.filter(attempt=attempt).first() if is_number else None
    if session is None:
        raise Http404
    return session


def _about(session: ProcessingSession, user: User) -> dict[str, Any]:
    """What the page says about one count."""
    history = place_history(session, user, at_most=HISTORY_LENGTH)
    containers = validated_containers(session)
    is_counted = session.status == SessionStatus.COMPLETED
    return {
        "warnings": warnings_of(session),
        "numbers": numbers_of(session) if is_counted else [],
        "error": error_text(session.error_code, session.error_message),
        "draft": draft_of(session),
        "reasons": reason_texts(session.interval_reasons),
        "containers": containers,
        "export_url": _export_url(session) if is_counted else None,
        "comparison": comparison_of(session, containers, user) if is_counted else None,
        "sizes": session.classifications.exclude(product_size=None)
        .order_by("product_size__sort_order")
        .values_list("product_size__code", "quantity"),
        "timings": _labelled(TIMING_LABELS, session.timings),
        "models": _labelled(MODEL_LABELS, session.model_versions),
        "movements": _movements_of(session),
        "place_history": history,
        "chart": history_chart(history, session),
        "map": location_map(session.image, session),
    }


def _followed(session: ProcessingSession, user: User) -> dict[str, Any]:
    """How far a running count is, for who may ask: whoever has sent it, and supervisors."""
    if session.status not in (SessionStatus.PENDING, SessionStatus.PROCESSING):
        return {}
    jobs = session.jobs.unfinished()
    own = jobs if user.has_role(Role.SUPERVISOR) else jobs.filter(upload_session__user=user)
    return {"followed_job": own.first(), "labels": job_labels()}


def _movements_of(session: ProcessingSession) -> list[tuple[StockMovement, str]]:
    """The movements that a count has led to, with their reasons in words."""
    movements = movements_of(session).select_related("batch__product", "user")
    return [(movement, reason_text(movement.reason)) for movement in movements]


def _export_url(session: ProcessingSession) -> str | None:
    """Where the files of a count are made; None for photos in the trash, which the API does not know."""
    if session.image.deleted_at is not None:
        return None
    return reverse("sessions-export", args=[session.uuid])


def _labelled(labels: dict[str, Promise], values: dict[str, Any]) -> list[tuple[str, Any]]:
    """The stored values under readable names, known ones first; a name that this version does not know stays."""
    known = [(str(label), values[key]) for key, label in labels.items() if key in values]
    return known + [(key, value) for key, value in values.items() if key not in labels]
