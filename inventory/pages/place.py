"""One location: what stands there, its past from count to count, its photos, its configurations, its QR code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from demeter.accounts.page_permissions import require_reader, user_of
from inventory.models import StorageLocation
from inventory.pages.qr_svg import qr_svg
from inventory.services.configs import configs_of
from inventory.services.history import Period, periods_of
from inventory.services.place_map import CHANGE_DAYS
from inventory.services.place_overview import location_summaries
from inventory.services.place_photos import PlacePhoto, place_photos
from inventory.services.place_stock import batches_by_product

PERIODS_PER_PAGE: Final = 12  # a year of monthly counts
PHOTOS_PER_PAGE: Final = 12  # fills rows of two, three and four


@dataclass(frozen=True)
class ShownPeriod:
    """A period, with the thumbnail of the photo that opened it where the reader may see that."""

    period: Period
    has_photo: bool
    thumbnail_url: str | None


@require_safe
@never_cache  # the links to thumbnails end
@require_reader
def place(request: HttpRequest, location_id: int) -> HttpResponse:
    """A location, also one that is out of use. `?page=` turns the pages of its past, `?photos=` those of its photos."""
    user = user_of(request)
    location = get_object_or_404(
        StorageLocation.objects.select_related("storage_area__warehouse"), pk=location_id
    )
    periods = Paginator(periods_of(location), PERIODS_PER_PAGE).get_page(request.GET.get("page"))
    seen: Any = _Photos(location, user)
    photos: Page[PlacePhoto] = Paginator(seen, PHOTOS_PER_PAGE).get_page(request.GET.get("photos"))
    in_use = StorageLocation.objects.in_use().filter(pk=location.pk).exists()
    context = {
        "location": location,
        "is_in_use": in_use,
        "summary": location_summaries([location])[0],
        "change_days": CHANGE_DAYS,
        "stock": batches_by_product(location),
        "periods": periods,
        "shown_periods": _shown(periods, user),
        "photos": photos,
        "configs": list(configs_of(location)),
        "qr": qr_svg(location.qr_code),
        "may_upload": user.has_role(Role.WORKER) and in_use,
        "may_configure": user.has_role(Role.ADMIN),
    }
    return render(request, "inventory/place.html", context)


def _shown(periods: Page[Period], user: User) -> list[ShownPeriod]:
    opened_by = {period.opened_by.image_id for period in periods if period.opened_by} - {None}
    thumbnails: dict[Any, str | None] = dict(place_photos().thumbnail_urls(opened_by, user))  # type: ignore[arg-type]  # None is out
    return [
        ShownPeriod(period, image_id in thumbnails, thumbnails.get(image_id))
        for period in periods
        for image_id in [period.opened_by.image_id if period.opened_by else None]
    ]


class _Photos:
    """The photos of a location that a user may see, as Paginator takes them: counted, and sliced by a query."""

    def __init__(self, location: StorageLocation, user: User) -> None:
        self._location, self._user = location, user

    def __len__(self) -> int:
        return place_photos().photo_count(self._location, self._user)

    def __getitem__(self, part: slice) -> list[PlacePhoto]:
        return place_photos().photos(self._location, self._user, part.start, part.stop)
