"""The first page, by role: what waits for the reader, what changed in the stock, and what does not work."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import Avg, Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from demeter.alerts import texts
from demeter.service_state import service_state
from inventory.services.place_overview import locations_due
from inventory.services.stock_summary import (
    CHANGE_DAYS,
    StockChange,
    latest_changes,
    stock_by_place,
    stock_by_product,
)
from photos.choices import ImageStatus, JobStatus
from photos.filters import BROKEN, CORRECTED, CORRECTED_LABEL
from photos.models import Image, ProcessingSession, UploadSession
from photos.pages.forms import UploadForm
from photos.pages.gallery import cards
from photos.pages.permissions import user_of
from photos.pages.upload_texts import upload_texts
from photos.services.review.inbox import reasons_for
from photos.services.steps.job_groups import job_groups
from photos.services.steps.waiting_steps import waiting_steps
from photos.warning_catalogue import WAITING

RECENT_UPLOADS: Final = 5
RECENT_PHOTOS: Final = 8
SHOWN_CHANGES: Final = 8
SHOWN_PRODUCTS: Final = 8
SHOWN_PLACES: Final = 6


@dataclass(frozen=True)
class WaitingReason:
    """Why photos wait, how many do, and the page that lists them."""

    label: str | Promise
    count: int
    url: str


@dataclass(frozen=True)
class ShownChange:
    """A change of the stock, with the photo that it came from where the reader may see it."""

    change: StockChange
    image_id: UUID | None


@require_safe
@never_cache  # what waits changes, and the links to thumbnails end
def home(request: HttpRequest) -> HttpResponse:
    """For everybody who is signed in; a viewer whom nobody has let in yet reads what to wait for."""
    user = user_of(request)
    if not user.can_read:
        return render(request, "photos/awaiting_approval.html")
    houses = stock_by_place()
    context = {
        "may_upload": user.has_role(Role.WORKER),
        "uploads": recent_uploads(user),
        "waiting": waiting_reasons(user),
        "moved": ProcessingSession.objects.newest()
        .moved()
        .filter(image__uploaded_by=user, image__deleted_at=None)
        .count(),
        "houses": houses,
        "plants": sum(house.plants for house in houses),
        "products": stock_by_product(SHOWN_PRODUCTS),
        "change_days": CHANGE_DAYS,
        "changes": _with_photos(latest_changes(SHOWN_CHANGES), user),
        "cards": cards(Image.objects.visible_to(user).not_deleted().in_inventory()[:RECENT_PHOTOS], user),
        **_of_role(user),
    }
    return render(request, "photos/home.html", context)


def _of_role(user: User) -> dict[str, Any]:
    """What only some roles have to do with."""
    shown: dict[str, Any] = {}
    if user.has_role(Role.WORKER):
        shown |= {"services": service_state(timezone.now()), "job_hours": settings.JOBS_VISIBLE_H}
        shown["jobs"] = job_groups(user, settings.JOBS_VISIBLE_H)
    if user.role == Role.WORKER:
        shown |= {"upload_form": UploadForm(), "upload_texts": upload_texts()}
    if user.has_role(Role.SUPERVISOR):
        due = locations_due()
        shown |= {"unphotographed": due.count(), "due_days": settings.PHOTO_DUE_DAYS}
        shown["unphotographed_places"] = due.select_related("storage_area__warehouse").order_by("code")[
            :SHOWN_PLACES
        ]
    if user.has_role(Role.ADMIN):
        waiting = waiting_steps(timezone.now())
        shown["queues"] = [(queue, waiting.get(queue.name)) for queue in shown["services"].queues]
        shown["alerts"] = [(alert, texts.title(alert)) for alert in shown["services"].alerts]
    return shown


def recent_uploads(user: User) -> Iterable[UploadSession]:
    """The newest uploads that are still listed, with what became of their files: one query.

    Workers see their own, supervisors all. `progress` is the mean of the accepted jobs in %.
    """
    uploads = UploadSession.objects.filter(
        created_at__gte=timezone.now() - timedelta(hours=settings.JOBS_VISIBLE_H)
    )
    if not user.has_role(Role.SUPERVISOR):
        uploads = uploads.filter(user=user)
    accepted = ~Q(jobs__status=JobStatus.REJECTED)
    return (
        uploads.select_related("user")
        .annotate(
            accepted=Count("jobs", filter=accepted),
            completed=Count("jobs", filter=Q(jobs__status=JobStatus.COMPLETED)),
            failed=Count("jobs", filter=Q(jobs__status__in=[JobStatus.FAILED, JobStatus.REJECTED])),
            under_way=Count("jobs", filter=Q(jobs__status__in=[JobStatus.PENDING, JobStatus.PROCESSING])),
            progress=Avg("jobs__progress_percent", filter=accepted),
        )
        .order_by("-created_at")[:RECENT_UPLOADS]
    )


def waiting_reasons(user: User) -> list[WaitingReason]:
    """Why photos wait for a person, could not be counted, or were corrected.

    Supervisors are led to the inbox, and read its numbers; others to the gallery.
    """
    if user.has_role(Role.SUPERVISOR):
        inbox = reverse("inbox")
        return [
            WaitingReason(reason.label, reason.count, f"{inbox}?reason={reason.code}")
            for reason in reasons_for(user)
        ]
    page = f"{reverse('gallery')}?status="
    counts = _waiting_counts(user)
    failed = counts.pop("failed")
    rows = [WaitingReason(reason.label, counts[reason.value], f"{page}{reason.value}") for reason in WAITING]
    broken = failed - sum(counts.values())
    drafts = ProcessingSession.objects.newest().with_draft()
    corrected = Image.objects.visible_to(user).not_deleted().in_inventory().newest_count_in(drafts).count()
    rows += [
        WaitingReason(CORRECTED_LABEL, corrected, f"{page}{CORRECTED}"),
        WaitingReason(_("Could not be counted"), broken, f"{page}{BROKEN}"),
    ]
    return [row for row in rows if row.count]


def _waiting_counts(user: User) -> dict[str, int]:
    """Failed photos, and those of them that wait for a person: their error begins with the reason (contract)."""
    codes = {reason.value: Q(error_details__startswith=f"{reason}:") for reason in WAITING}
    photos = Image.objects.visible_to(user).not_deleted().in_inventory().filter(status=ImageStatus.FAILED)
    return photos.order_by().aggregate(
        failed=Count("pk"), **{code: Count("pk", filter=condition) for code, condition in codes.items()}
    )


def _with_photos(changes: Sequence[StockChange], user: User) -> list[ShownChange]:
    uuids = {change.session_uuid for change in changes if change.session_uuid}
    visible = Image.objects.visible_to(user).not_deleted()
    counts = ProcessingSession.objects.filter(uuid__in=uuids, image__in=visible)
    photos = dict(counts.order_by().values_list("uuid", "image"))
    return [
        ShownChange(change, photos.get(change.session_uuid) if change.session_uuid else None)
        for change in changes
    ]
