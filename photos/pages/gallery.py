"""The gallery: thumbnails of all photos that a person may see, filtered; more come as one scrolls."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from photos.filters import BROKEN, TRASH, WAITS, filter_photos
from photos.image_urls import thumbnail_url
from photos.models import Image, ProcessingSession
from photos.pages.forms import GalleryForm
from photos.pages.permissions import require_reader, user_of
from photos.pages.seen_counts import seen_value
from photos.pages.waiting_texts import waiting_text
from photos.services.context.broken_thumbnails import broken_thumbnails
from photos.services.context.newest_counts import newest_counts
from photos.warning_texts import warnings_of

_DAY_CHIPS: Final = ((7, _("Last 7 days")), (30, _("Last 30 days")))


@dataclass(frozen=True)
class Card:
    """One photo of the gallery with its newest count, if it has one."""

    image: Image
    session: ProcessingSession | None
    thumbnail_url: str | None
    is_thumbnail_broken: bool
    warnings: list[dict[str, object]]
    waiting_text: Promise

    @property
    def value(self) -> str:
        """The photo with the count that is shown, as a form names it."""
        return seen_value(self.image.pk, self.session)


@dataclass(frozen=True)
class Chip:
    """A filter that is one tap away."""

    label: str | Promise
    url: str
    is_current: bool


@require_safe
@vary_on_headers("HX-Request")
@require_reader
def gallery(request: HttpRequest) -> HttpResponse:
    """Newest first. Filters that make no sense are said so and change nothing; htmx gets the photos alone."""
    user = user_of(request)
    may_restore = user.has_role(Role.WORKER)
    form = GalleryForm(request.GET, uploaders=_uploaders(user), with_trash=may_restore)
    filters = form.filters()
    photos = filter_photos(Image.objects.visible_to(user).in_inventory(), filters)
    page = Paginator(photos, settings.GALLERY_PER_PAGE).get_page(request.GET.get("page"))
    next_number, is_scrolled = page.number + 1, request.headers.get("HX-Request") == "true"
    last = _last_shown(request) if is_scrolled else None
    if last is not None:  # photos uploaded meanwhile have moved the pages
        page = Paginator(photos.older_than(last), settings.GALLERY_PER_PAGE).get_page(1)
    context = {
        "page": page,
        "next_number": next_number,
        "cards": cards(page.object_list, user),
        "query": urlencode(filters),
        "may_select": may_restore,
    }
    if is_scrolled:
        return render(request, "photos/_gallery_items.html", context)
    context |= {
        "form": form,
        "chips": _chips(filters, user),
        "filters": len(filters.keys() - {"status"}),
        "address": request.get_full_path(),
        "may_validate": user.has_role(Role.SUPERVISOR),
        "in_trash": filters.get("status") == TRASH,
    }
    return render(request, "photos/image_list.html", context)


def _last_shown(request: HttpRequest) -> Image | None:
    """The photo after which more are wanted; None where the address names none."""
    try:
        return Image.objects.filter(pk=UUID(request.GET.get("after", ""))).first()
    except ValueError:
        return None


def _uploaders(user: User) -> QuerySet[User] | None:
    """Those who have sent photos, for people who see photos of others; None for the rest."""
    if user.role == Role.WORKER:
        return None
    return User.objects.filter(Exists(Image.objects.filter(uploaded_by=OuterRef("pk")))).order_by("name")


def _chips(filters: Mapping[str, str], user: User) -> list[Chip]:
    """What stands above the photos: one status, or the last days."""
    status = filters.get("status", "")
    of_status = [
        ("", pgettext_lazy("photos", "All")),
        (WAITS, waiting_text(user)),
        (BROKEN, pgettext_lazy("photos", "Failed")),
        *([(TRASH, _("In the trash"))] if user.has_role(Role.WORKER) else []),
    ]
    found = [
        Chip(
            label,
            _address({**filters, "status": value}),
            status in ((value, "all") if not value else (value,)),
        )
        for value, label in of_status
    ]
    for days, label in _DAY_CHIPS:
        first = (timezone.localdate() - timedelta(days=days - 1)).isoformat()
        is_current = filters.get("date_from") == first and "date_to" not in filters
        wanted = {**filters, "date_from": "" if is_current else first, "date_to": ""}
        found.append(Chip(label, _address(wanted), is_current))
    return found


def _address(filters: Mapping[str, str]) -> str:
    query = urlencode({name: value for name, value in filters.items() if value})
    return f"{reverse('gallery')}?{query}" if query else reverse("gallery")


def cards(photos: Iterable[Image], user: User) -> list[Card]:
    """For this reader, the photos with their newest counts and places: one query beyond that of the photos.

    One more if a thumbnail is missing: whether it is still to come.
    """
    photos = list(photos)
    counts, broken = newest_counts(photos), broken_thumbnails(photos)
    return [_card(photo, counts.get(photo.pk), user, is_broken=photo.pk in broken) for photo in photos]


def _card(image: Image, session: ProcessingSession | None, user: User, *, is_broken: bool) -> Card:
    drawing_id = session.processed_image_id if session else None
    return Card(
        image=image,
        session=session,
        thumbnail_url=thumbnail_url(image, drawing_id),
        is_thumbnail_broken=is_broken,
        warnings=warnings_of(session) if session else [],
        waiting_text=waiting_text(user, image),
    )
