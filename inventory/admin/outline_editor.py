"""The field of an outline: a map to draw on, over the GeoJSON that it stands for."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

from django.forms.renderers import BaseRenderer
from django.forms.widgets import Media, Script
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget

from inventory.geometry import plane_at
from inventory.models.geo_place import GeoPlace

MAX_AROUND: Final = 300  # outlines that are drawn around one's own


class OutlineEditor(UnfoldAdminTextareaWidget):
    """The text of a polygon with a map above it. Without JavaScript, or without anything to lay it on, the text alone.

    around: the places that are drawn beside it, its parent first.
    """

    def __init__(self, own: GeoPlace | None, around: Iterable[GeoPlace]) -> None:
        super().__init__(attrs={"rows": 4})
        self._around = [{"label": str(place), "ring": place.polygon["coordinates"][0]} for place in around]
        corner = (
            own.polygon["coordinates"][0] if own else self._around[0]["ring"] if self._around else [None]
        )[0]
        self._plane = asdict(plane_at(corner[0], corner[1])) if corner else None

    @property
    def media(self) -> Media:
        return Media(
            css={"all": ["inventory/css/outline_editor.css"]},
            js=[Script("inventory/js/outline_editor.js", type="module")],  # type: ignore[list-item]  # stubs know paths
        )

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        field = super().render(name, value, attrs, renderer)
        if self._plane is None:
            return field
        context = {"field": field, "plane": json.dumps(self._plane), "around": json.dumps(self._around)}
        return render_to_string("admin/inventory/outline_editor.html", context)
