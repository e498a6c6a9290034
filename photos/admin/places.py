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
from photos.models import ProcessingSession

SHOWN_COUNTS: Final = 12  # newest first; all of them stand in the list of counts

admin.site.unregister(StorageLocation)


@admin.register(StorageLocation)
class PhotographedPlaceAdmin(StorageLocationAdmin):
    """A place with the counts of its photos, and those whose photo a person has moved away."""

    stock_fields: ClassVar[list[str]] = [*StorageLocationAdmin.stock_fields, "counts", "moved_away"]
    readonly_fields = [*StorageLocationAdmin.readonly_fields, "counts", "moved_away"]

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
