"""The photos before and after one in the gallery, as the gallery is filtered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse

from demeter.accounts.models import User
from photos.filters import ImageFilter, filter_photos
from photos.models import Image


@dataclass(frozen=True)
class Neighbours:
    """Addresses, None where there is none: of the photo shown before this one, of the next, and of the gallery."""

    previous_url: str | None
    next_url: str | None
    gallery_url: str


def neighbours_of(image: Image, user: User, given: Mapping[str, Any]) -> Neighbours:
    """The neighbours among the photos that the user sees in the gallery, newest first. Two queries.

    `given`: the query of the page, with the gallery's filters; what is no filter is left out, and it is carried along.
    """
    wanted = {name: given[name] for name in ImageFilter.base_filters if given.get(name)}
    photos = filter_photos(Image.objects.visible_to(user).in_inventory(), wanted)
    at = image.uploaded_at
    newer = photos.filter(Q(uploaded_at__gt=at) | Q(uploaded_at=at, pk__gt=image.pk))
    older = photos.older_than(image)
    query = f"?{urlencode(wanted)}" if wanted else ""

    def url_of(pk: object) -> str | None:
        return None if pk is None else reverse("photo", args=[pk]) + query

    return Neighbours(
        url_of(newer.order_by("uploaded_at", "pk").values_list("pk", flat=True).first()),
        url_of(older.order_by("-uploaded_at", "-pk").values_list("pk", flat=True).first()),
        reverse("gallery") + query,
    )
