"""The places of the inventory, with what photos say of them."""

from typing import Any, ClassVar, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from inventory.admin.places import StorageLocationAdmin
from inventory.models import StorageLocation
from inventory.pages.qr_svg import qr_svg
from photos.image_urls import thumbnail_url
from photos.models import ProcessingSession

SHOWN_PICTURES: Final = 8
SHOWN_COUNTS: Final = 12  # newest first; all of them stand in the list of counts

admin.site.unregister(StorageLocation)


@admin.register(StorageLocation)
class PhotographedPlaceAdmin(StorageLocationAdmin):
    """A place with its newest photos, their counts, those whose photo a person has moved away, and its QR code."""

    stock_fields: ClassVar[list[str]] = [
        *StorageLocationAdmin.stock_fields, "pictures", "counts", "moved_away", "label"
    ]  # fmt: skip
    readonly_fields = [*StorageLocationAdmin.readonly_fields, "pictures", "counts", "moved_away", "label"]

    @display(description=_("newest photos"))
    def pictures(self, location: StorageLocation) -> SafeString | str:
        """The newest photos that have a thumbnail, each leading to its page; and the page of the place."""
        sessions = _newest_counts().filter(storage_location=location)[:SHOWN_PICTURES]
        found = [
            (
                reverse("admin:photos_image_change", args=[session.image_id]),
                thumbnail_url(session.image, session.processed_image_id),
                date_format(localtime(session.image.taken_at), "SHORT_DATETIME_FORMAT"),
            )
            for session in sessions
        ]
        html = '<a href="{}"><img src="{}" alt="{}" width="96" height="72" loading="lazy"></a>'
        shown = format_html_join("", html, [row for row in found if row[1]])
        return format_html('<div class="place-pictures">{}</div>', shown) if shown else "—"

    @display(description=_("label"))
    def label(self, location: StorageLocation) -> SafeString:
        """The QR code of the place, and its page, from which labels are printed."""
        link = format_html(
            '<a class="underline" href="{}">{}</a>',
            reverse("place", args=[location.pk]),
            gettext("Page of this place"),
        )
        return format_html(
            '<div class="place-qr">{}</div><div>{}</div><div>{}</div>',
            qr_svg(location.qr_code),
            location.qr_code,
            link,
        )

    @display(description=_("counts of its photos"))
    def counts(self, location: StorageLocation) -> SafeString | str:
        sessions = _newest_counts().filter(storage_location=location)[:SHOWN_COUNTS]
        if not sessions:
            return "—"
        rows = [
            (
                reverse("admin:photos_processingsession_change", args=[session.pk]),
                date_format(localtime(session.image.taken_at), "SHORT_DATETIME_FORMAT"),
                session.product or "—",
                number_format(session.total_living, force_grouping=True),
                session.get_booking_state_display(),
            )
            for session in sessions
        ]
        shown = format_html_join("", '<div><a class="underline" href="{}">{}</a> · {}: {} · {}</div>', rows)
        everything = reverse("admin:photos_processingsession_changelist")
        link = format_html(
            '<a class="underline" href="{}?storage_location__id__exact={}">{}</a>',
            everything,
            location.pk,
            gettext("All counts of this place"),
        )
        return shown + link

    @display(description=_("photos moved away"))
    def moved_away(self, location: StorageLocation) -> SafeString | str:
        sessions = _newest_counts().filter(moved_from=location).exclude(storage_location=location)
        rows = [
            (
                reverse("admin:photos_processingsession_change", args=[session.pk]),
                date_format(localtime(session.image.taken_at), "SHORT_DATETIME_FORMAT"),
                session.storage_location,
            )
            for session in sessions[:SHOWN_COUNTS]
        ]
        return format_html_join("", '<div><a class="underline" href="{}">{}</a> → {}</div>', rows) or "—"


def _newest_counts() -> QuerySet[Any]:
    return (
        ProcessingSession.objects.newest()
        .filter(image__deleted_at=None)
        .select_related("image", "product", "storage_location")
        .order_by("-image__taken_at", "-pk")
    )
