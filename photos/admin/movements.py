"""The ledger of the inventory, with the photos that its lines come from."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery, UUIDField
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from inventory.admin.stock import StockMovementAdmin
from inventory.models import StockMovement
from photos.models import ProcessingSession

admin.site.unregister(StockMovement)


@admin.register(StockMovement)
class PhotographedMovementAdmin(StockMovementAdmin):
    """A line of the ledger with the photo whose count booked it."""

    list_display = [*StockMovementAdmin.list_display, "photo"]
    fields = [*StockMovementAdmin.fields, "photo"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        counts = ProcessingSession.objects.filter(uuid=OuterRef("session_uuid")).order_by()
        return (
            super()
            .get_queryset(request)
            .annotate(photo_id=Subquery(counts.values("image")[:1], output_field=UUIDField()))
        )

    @display(description=_("photo"))
    def photo(self, movement: Any) -> SafeString | str:
        if movement.photo_id is None:
            return "—"
        url = reverse("admin:photos_image_change", args=[movement.photo_id])
        return format_html('<a class="underline" href="{}">{}</a>', url, gettext("Photo"))
