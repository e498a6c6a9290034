"""The first page: sending photos, what waits for a person, and the stock by place."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db.models import Avg, Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from inventory.models import StockBatch
from photos.choices import ImageStatus, JobStatus
from photos.filters import CORRECTED, CORRECTED_LABEL
from photos.models import Image, ProcessingSession, UploadSession
from photos.pages.forms import UploadForm
from photos.pages.gallery import cards
from photos.pages.permissions import user_of
from photos.pages.upload_texts import upload_texts
from photos.warning_catalogue import WAITING

RECENT_UPLOADS = 5
RECENT_PHOTOS = 8


@dataclass(frozen=True)
class AreaStock:
    """What stands in one storage area (cantero)."""

    name: str
    plants: int
    locations: int


@dataclass(frozen=True)
class WarehouseStock:
    """What stands in one warehouse (nave)."""

    name: str
    beds: list[AreaStock] = field(default_factory=list)

    @property
    def plants(self) -> int:
        return sum(bed.plants for bed in self.beds)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """For everybody who is signed in; a viewer whom nobody has let in yet reads what to wait for."""
    user = user_of(request)
    if not user.can_read:
        return render(request, "photos/closed.html")
    houses = stock_by_place()
    return render(
        request,
        "photos/home.html",
        {
            "upload_form": UploadForm() if user.has_role(Role.WORKER) else None,
            "upload_texts": upload_texts(),
            "uploads": recent_uploads(user),
            "waiting": [*waiting_by_reason(user), *corrected_counts(user)],
            "moved": ProcessingSession.objects.newest()
            .moved()
            .filter(image__uploaded_by=user, image__deleted_at=None)
            .count(),
            "houses": houses,
            "plants": sum(house.plants for house in houses),
            "cards": cards(Image.objects.visible_to(user).not_deleted().in_inventory()[:RECENT_PHOTOS]),
        },
    )


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


def waiting_by_reason(user: User) -> list[dict[str, Any]]:
    """How many photos wait for a person, by reason, and how many could not be counted: one query.

    A waiting photo is `failed` and its error begins with the reason (contract, job status).
    """
    reasons = WAITING
    counts = (
        Image.objects.visible_to(user)
        .not_deleted()
        .in_inventory()
        .filter(status=ImageStatus.FAILED)
        .aggregate(
            failed=Count("pk"),
            **{
                reason.value: Count("pk", filter=Q(error_details__startswith=f"{reason}:"))
                for reason in reasons
            },
        )
    )
    rows = [
        {"filter": reason.value, "label": reason.label, "count": counts[reason.value]} for reason in reasons
    ]
    broken = counts["failed"] - sum(row["count"] for row in rows)
    return [
        *(row for row in rows if row["count"]),
        *([{"filter": "errors", "label": "", "count": broken}] if broken else []),
    ]


def corrected_counts(user: User) -> list[dict[str, Any]]:
    """How many counts were corrected and wait for a supervisor's word: one query."""
    drafts = ProcessingSession.objects.newest().with_draft()
    count = Image.objects.visible_to(user).not_deleted().filter(pk__in=drafts.values("image")).count()
    return [{"filter": CORRECTED, "label": CORRECTED_LABEL, "count": count}] if count else []


def stock_by_place() -> list[WarehouseStock]:
    """The plants in stock, by warehouse and area, in the order of their codes: one query."""
    area = "storage_location__storage_area"
    rows = (
        StockBatch.objects.in_stock()
        .order_by(f"{area}__warehouse__code", f"{area}__code")
        .values_list(f"{area}__warehouse__name", f"{area}__name")
        .annotate(plants=Sum("quantity_current"), locations=Count("storage_location", distinct=True))
    )
    return [
        WarehouseStock(name, [AreaStock(bed, plants, locations) for _, bed, plants, locations in beds])
        for name, beds in groupby(rows, key=lambda row: row[0])
    ]
