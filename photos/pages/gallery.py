"""The gallery: thumbnails of all photos that a person may see, filtered and paged."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from demeter.accounts.choices import Role
from photos.choices import CountWarning, ImageStatus
from photos.models import Image, ProcessingSession
from photos.pages.forms import CORRECTED, TRASH, GalleryForm
from photos.pages.image_urls import thumbnail_url
from photos.pages.permissions import require_reader, user_of
from photos.querysets import ImageQuerySet
from photos.warning_texts import warnings_of

PER_PAGE = 24  # fills rows of two, three and four


@dataclass(frozen=True)
class Card:
    """One photo of the gallery with its newest count, if it has one."""

    image: Image
    session: ProcessingSession | None
    thumbnail_url: str | None
    warnings: list[dict[str, object]]


@require_safe
@require_reader
def gallery(request: HttpRequest) -> HttpResponse:
    """Newest first. Filters that make no sense are said so and change nothing."""
    user = user_of(request)
    may_restore = user.has_role(Role.WORKER)
    form = GalleryForm(request.GET, with_trash=may_restore)
    form.is_valid()
    photos = filtered(Image.objects.visible_to(user).in_inventory(), form.cleaned_data)
    page = Paginator(photos, PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    return render(
        request,
        "photos/image_list.html",
        {
            "form": form,
            "page": page,
            "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
            "cards": cards(page.object_list),
            "query": query.urlencode(),
            "may_restore": may_restore,
            "trash": TRASH,
        },
    )


def filtered(photos: ImageQuerySet, wanted: dict[str, Any]) -> ImageQuerySet:
    """The photos that the filters of GalleryForm let through. `date_to` includes that whole day.

    Photos in the trash are found there alone.
    """
    if text := wanted.get("search"):
        photos = photos.filter(original_filename__folded_contains=text)
    photos = _with_status(photos, wanted.get("status") or "all")
    if day := wanted.get("date_from"):
        photos = photos.filter(uploaded_at__gte=_midnight(day))
    if day := wanted.get("date_to"):
        photos = photos.filter(uploaded_at__lt=_midnight(day + timedelta(days=1)))
    counts = ProcessingSession.objects.newest()
    if warehouse := wanted.get("warehouse_id"):
        at = counts.filter(storage_location__storage_area__warehouse=warehouse)
        photos = photos.filter(pk__in=at.values("image"))
    if location_id := wanted.get("location_id"):
        photos = photos.filter(pk__in=counts.filter(storage_location=location_id).values("image"))
    return photos


def _with_status(photos: ImageQuerySet, status: str) -> ImageQuerySet:
    if status == TRASH:
        return photos.filter(deleted_at__isnull=False)
    photos = photos.not_deleted()
    if status == "all":
        return photos
    if status == "success":
        return photos.filter(status=ImageStatus.READY)
    if status == "errors":
        return photos.filter(status=ImageStatus.FAILED)
    if status == "warnings":
        return photos.filter(pk__in=ProcessingSession.objects.newest().with_warnings().values("image"))
    if status == CORRECTED:
        return photos.filter(pk__in=ProcessingSession.objects.newest().with_draft().values("image"))
    if status == CountWarning.MOVED:
        return photos.filter(pk__in=ProcessingSession.objects.newest().moved().values("image"))
    return photos.filter(
        status=ImageStatus.FAILED, error_details__startswith=f"{status}:"
    )  # what it waits for


def cards(photos: Iterable[Image]) -> list[Card]:
    """The photos with their newest counts and places: one query beyond that of the photos."""
    photos = list(photos)
    counts = (
        ProcessingSession.objects.filter(image__in=photos)
        .newest()
        .select_related("storage_location__storage_area__warehouse", "moved_from")
    )
    by_image = {count.image_id: count for count in counts}
    return [_card(photo, by_image.get(photo.pk)) for photo in photos]


def _card(image: Image, session: ProcessingSession | None) -> Card:
    return Card(image, session, thumbnail_url(image), warnings_of(session) if session else [])


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
