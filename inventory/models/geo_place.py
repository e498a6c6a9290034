"""What every place on the map has: an outline, and what is derived from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from demeter.change_times import ChangeTimed
from inventory.errors import InvalidPolygon
from inventory.geometry import GeoJson, lies_within, measure, read_polygon

DERIVED_FIELDS = (
    "bbox_min_lon",
    "bbox_min_lat",
    "bbox_max_lon",
    "bbox_max_lat",
    "centroid_lon",
    "centroid_lat",
    "area_m2",
)


def validate_polygon(polygon: GeoJson) -> None:
    """The form field's check of an outline."""
    try:
        read_polygon(polygon)
    except InvalidPolygon as error:
        raise ValidationError(str(error), code=error.code) from error


class GeoPlace(ChangeTimed):
    """A place with a polygon on the map. Saving it derives bounding box, centroid and area.

    Raises InvalidPolygon on save, so that no unmeasured outline reaches the database.
    """

    polygon = models.JSONField(
        _("outline"),
        validators=[validate_polygon],
        help_text=_("GeoJSON Polygon in WGS 84 degrees, longitude first, rings closed."),
    )
    bbox_min_lon = models.FloatField(_("westernmost longitude"), editable=False)
    bbox_max_lon = models.FloatField(_("easternmost longitude"), editable=False)
    bbox_min_lat = models.FloatField(_("southernmost latitude"), editable=False)
    bbox_max_lat = models.FloatField(_("northernmost latitude"), editable=False)
    centroid_lon = models.FloatField(_("longitude of the centre"), editable=False)
    centroid_lat = models.FloatField(_("latitude of the centre"), editable=False)
    area_m2 = models.FloatField(_("area (m²)"), editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        fields = kwargs.get("update_fields")
        if fields is None or "polygon" in fields:
            self._measure()
            if fields is not None:
                kwargs["update_fields"] = {*fields, *DERIVED_FIELDS}
        super().save(*args, **kwargs)

    def clean_fields(self, exclude: Iterable[str] | None = None) -> None:
        excluded = set(exclude or ())
        try:
            self._measure()  # the constraints on the derived columns need their values
        except InvalidPolygon:
            excluded.update(DERIVED_FIELDS)  # the outline's own error says it all
        super().clean_fields(exclude=excluded)

    def has_valid_outline(self) -> bool:
        """Whether the outline can be measured. Django calls `clean` also after the field's own error."""
        try:
            read_polygon(self.polygon)
        except InvalidPolygon:
            return False
        return True

    def _measure(self) -> None:
        for name, value in asdict(measure(self.polygon)).items():
            setattr(self, name, value)


def check_lies_within(place: GeoPlace, parent: GeoPlace) -> None:
    """Refuse an outline that leaves its parent's by more than 1 cm."""
    if place.has_valid_outline() and not lies_within(place.polygon, parent.polygon):
        raise ValidationError(
            {
                "polygon": ValidationError(
                    _("The outline must lie within that of %(parent)s."),
                    code="outside_parent",
                    params={"parent": parent},
                )
            }
        )


def check_contains(place: GeoPlace, children: Iterable[GeoPlace]) -> None:
    """Refuse an outline that would leave a child outside by more than 1 cm."""
    if not place.has_valid_outline():
        return
    outside = [str(child) for child in children if not lies_within(child.polygon, place.polygon)]
    if outside:
        raise ValidationError(
            {
                "polygon": ValidationError(
                    _("The outline would leave these outside: %(children)s."),
                    code="children_outside",
                    params={"children": ", ".join(outside[:5])},
                )
            }
        )
