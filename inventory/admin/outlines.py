"""How a place's outline is shown to a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Sum
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from demeter.admin_base import ModelAdmin
from inventory.admin.outline_editor import MAX_AROUND, OutlineEditor
from inventory.geometry import plane_at
from inventory.models import StockBatch
from inventory.models.geo_place import GeoPlace

DRAWING_PX = 240  # the longer side


class OutlinedPlaceAdmin(ModelAdmin):
    """A place: its outline is drawn, north up, with what was derived from it."""

    readonly_fields = ["drawing", "area", "centre", "created_at", "updated_at"]
    list_filter_submit = True
    save_on_top = True
    path_from_location: ClassVar[str]  # to the place, from the locations in it

    def save_model(self, request: HttpRequest, obj: GeoPlace, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not obj.is_active:
            self._warn_of_stock(request, obj)

    def _warn_of_stock(self, request: HttpRequest, place: GeoPlace) -> None:
        """Say what a place that is switched off still holds: the pages leave it out."""
        batches = StockBatch.objects.filter(**{f"storage_location{self.path_from_location}": place})
        plants = batches.aggregate(held=Sum("quantity_current"))["held"]
        if plants:
            text = gettext(
                "%(place)s is switched off and still holds plants: %(plants)s. No page counts them."
            )
            shown = {"place": place, "plants": number_format(plants, force_grouping=True)}
            self.message_user(request, text % shown, messages.WARNING)

    def around(self, request: HttpRequest, place: Any) -> Iterable[GeoPlace]:
        """The places to draw around this one, which is None while it is added: by default those beside it."""
        return self.model.objects.exclude(pk=place.pk if place else None)[:MAX_AROUND]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if "polygon" in form.base_fields:
            form.base_fields["polygon"].widget = OutlineEditor(obj, self.around(request, obj))
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        shown = {"area", "centre"} if obj else set()
        if obj and not self._may_draw(request, obj):
            shown.add("drawing")
        drawn = ["polygon"] if self._may_draw(request, obj) else []
        on_map = [*drawn, *[name for name in self.readonly_fields[:3] if name in shown]]
        times = ["created_at", "updated_at"] if obj else []
        own = [
            name for name in self.get_fields(request, obj) if name not in {*self.readonly_fields, "polygon"}
        ]
        return [(None, {"fields": [*own, *times]}), (_("On the map"), {"fields": on_map})]

    def _may_draw(self, request: HttpRequest, obj: Any) -> bool:
        """Whoever may not change a place sees its drawing, not the numbers of its corners."""
        return self.has_change_permission(request, obj) if obj else self.has_add_permission(request)

    @admin.display(description=_("drawing"))
    def drawing(self, place: GeoPlace) -> SafeString:
        plane = plane_at(
            place.bbox_min_lon, place.bbox_max_lat
        )  # its north-west corner: y grows to the south
        width_m = (place.bbox_max_lon - place.bbox_min_lon) * plane.m_per_lon
        height_m = (place.bbox_max_lat - place.bbox_min_lat) * plane.m_per_lat
        px_per_m = DRAWING_PX / max(width_m, height_m)
        points = " ".join(
            f"{(lon - plane.lon) * plane.m_per_lon * px_per_m:.1f},"
            f"{(plane.lat - lat) * plane.m_per_lat * px_per_m:.1f}"
            for lon, lat in place.polygon["coordinates"][0]
        )
        return format_html(
            '<svg role="img" aria-label="{}" width="{}" height="{}" style="overflow: visible">'
            '<polygon points="{}" fill="#4CAF5033" stroke="#4CAF50" stroke-width="2"/></svg>',
            str(place),
            round(width_m * px_per_m),
            round(height_m * px_per_m),
            points,
        )

    @admin.display(description=_("area (m²)"), ordering="area_m2")
    def area(self, place: GeoPlace) -> str:
        return number_format(round(place.area_m2, 1), 1, force_grouping=True)

    @admin.display(description=_("centre (latitude, longitude)"))
    def centre(self, place: GeoPlace) -> str:
        return f"{place.centroid_lat:.6f}, {place.centroid_lon:.6f}"
