"""The gallery: thumbnails of all photos that a person may see, filtered and paged."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from demeter.accounts.choices import Role
from photos.filters import TRASH, filter_photos
from photos.image_urls import thumbnail_url
from photos.models import Image, ProcessingSession
from photos.pages.forms import GalleryForm
from photos.pages.permissions import require_reader, user_of
from photos.services.context.broken_thumbnails import broken_thumbnails
from photos.services.context.newest_counts import newest_counts
from photos.warning_texts import warnings_of

PER_PAGE = 24  # fills rows of two, three and four


@dataclass(frozen=True)
class Card:
    """One photo of the gallery with its newest count, if it has one."""

    image: Image
    session: ProcessingSession | None
    thumbnail_url: str | None
    is_thumbnail_broken: bool
    warnings: list[dict[str, object]]


@require_safe
@require_reader
def gallery(request: HttpRequest) -> HttpResponse:
    """Newest first. Filters that make no sense are said so and change nothing."""
    user = user_of(request)
    may_restore = user.has_role(Role.WORKER)
    form = GalleryForm(request.GET, with_trash=may_restore)
    form.is_valid()
    valid = {name: request.GET[name] for name in form.cleaned_data if request.GET.get(name)}
    photos = filter_photos(Image.objects.visible_to(user).in_inventory(), valid)
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


def cards(photos: Iterable[Image]) -> list[Card]:
    """The photos with their newest counts and places: one query beyond that of the photos.

    One more if a thumbnail is missing: whether it is still to come.
    """
    photos = list(photos)
    counts, broken = newest_counts(photos), broken_thumbnails(photos)
    return [_card(photo, counts.get(photo.pk), is_broken=photo.pk in broken) for photo in photos]


def _card(image: Image, session: ProcessingSession | None, *, is_broken: bool) -> Card:
    drawing_id = session.processed_image_id if session else None
    warnings = warnings_of(session) if session else []
    return Card(image, session, thumbnail_url(image, drawing_id), is_broken, warnings)
