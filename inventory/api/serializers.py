"""The shapes of requests and answers about places."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from inventory.api import examples
from inventory.choices import AreaPosition, WarehouseType
from inventory.models import StorageArea
from inventory.services.place_map import CHANGE_DAYS, MAX_CHANGE_DAYS

MAX_SEARCH_LENGTH = 60
MAX_ERROR_M = 1000
MAX_CANDIDATES = 20
_POLYGON_SCHEMA = {
    "type": "object",
    "description": "GeoJSON Polygon in WGS 84 degrees, longitude first.",
    "properties": {
        "type": {"type": "string", "enum": ["Polygon"]},
        "coordinates": {
            "type": "array",
            "items": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
        },
    },
    "required": ["type", "coordinates"],
}
_QUANTITY = "Living plants now, of the locations in use."
_LAST_PHOTO = "When the newest photo was taken; null without one."


# ── requests ─────────────────────────────────────────────────────────────────────────────────────────
class FiniteFloatField(serializers.FloatField):
    """A number. Python also reads “nan” and “inf” as numbers, and no bound refuses the first."""

    def to_internal_value(self, data: Any) -> float:
        value: float = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return value


class SearchQuerySerializer(serializers.Serializer[Any]):
    """What is searched for."""

    q = serializers.CharField(
        max_length=MAX_SEARCH_LENGTH,
        help_text="Words of codes, QR codes and names, of the location or of where it lies, and of the product that "
        "grows there, in any order; case and accents do not matter.",
    )


class LookupQuerySerializer(serializers.Serializer[Any]):
    """A position."""

    lat = FiniteFloatField(min_value=-90, max_value=90, help_text="WGS 84 degrees")
    lon = FiniteFloatField(min_value=-180, max_value=180, help_text="WGS 84 degrees")
    accuracy_m = FiniteFloatField(
        min_value=0,
        required=False,
        help_text="How far the position may be off, as the phone says; without it what phones usually err. More than "
        f"{MAX_ERROR_M} m are reckoned as {MAX_ERROR_M} m.",
    )


class MapQuerySerializer(serializers.Serializer[Any]):
    """What the map compares with."""

    days = serializers.IntegerField(
        min_value=1,
        max_value=MAX_CHANGE_DAYS,
        required=False,
        default=CHANGE_DAYS,
        help_text="The change is counted from the beginning of the day so many days ago.",
    )


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────
@extend_schema_field(_POLYGON_SCHEMA)
class PolygonField(serializers.JSONField):
    """An outline, as it is stored."""


class CentroidSerializer(serializers.Serializer[Any]):
    """The centre of a place, in WGS 84 degrees."""

    lat = serializers.FloatField(source="centroid_lat")
    lon = serializers.FloatField(source="centroid_lon")


class PlaceReferenceSerializer(serializers.Serializer[Any]):
    """A place as others name it."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    name = serializers.CharField()


class PlaceSerializer(PlaceReferenceSerializer):
    """What every level has."""

    # The context holds `last_taken_at`: when the newest photo of each place was taken, by the id of the place.
    is_active = serializers.BooleanField()
    polygon = PolygonField()
    centroid = CentroidSerializer(source="*")
    area_m2 = serializers.FloatField()
    quantity = serializers.IntegerField(help_text=_QUANTITY)
    last_photo_at = serializers.SerializerMethodField(help_text=_LAST_PHOTO)

    def get_last_photo_at(self, place: Any) -> datetime | None:
        taken_at: datetime | None = self.context["last_taken_at"].get(place.pk)
        return taken_at


@extend_schema_serializer(
    examples=[OpenApiExample("A greenhouse", response_only=True, value=examples.WAREHOUSE)]
)
class WarehouseSerializer(PlaceSerializer):
    """A nave: one greenhouse, shade house, tunnel or field."""

    type = serializers.ChoiceField(WarehouseType.choices, source="warehouse_type")
    area_count = serializers.IntegerField(help_text="Areas in use.")
    location_count = serializers.IntegerField(help_text="Locations in use.")


def _position_field() -> serializers.ChoiceField:
    return serializers.ChoiceField(
        AreaPosition.choices, allow_null=True, help_text="The side of its warehouse; null if nobody has said."
    )


@extend_schema_serializer(examples=[OpenApiExample("A bed", response_only=True, value=examples.AREA)])
class AreaSerializer(PlaceSerializer):
    """A cantero: one bed of a warehouse."""

    warehouse = PlaceReferenceSerializer()
    position = serializers.SerializerMethodField()
    location_count = serializers.IntegerField(help_text="Locations in use.")

    @extend_schema_field(_position_field())
    def get_position(self, area: StorageArea) -> str | None:
        return area.position or None


class ProductReferenceSerializer(serializers.Serializer[Any]):
    """A product by its SKU."""

    id = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField(source="common_name")


class CatalogueReferenceSerializer(serializers.Serializer[Any]):
    """A packaging by its SKU."""

    id = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField()


class LocationReferenceSerializer(PlaceReferenceSerializer):
    """A location with where it lies: enough to choose it from a list."""

    qr_code = serializers.CharField()
    area = PlaceReferenceSerializer(source="storage_area")
    warehouse = PlaceReferenceSerializer(source="storage_area.warehouse")


@extend_schema_serializer(
    examples=[OpenApiExample("A configured location", response_only=True, value=examples.LOCATION)]
)
class LocationSerializer(PlaceSerializer):
    """A claro: the place that one photo shows."""

    quantity = serializers.IntegerField(help_text="Living plants now.")
    qr_code = serializers.CharField()
    area = PlaceReferenceSerializer(source="storage_area")
    warehouse = PlaceReferenceSerializer(source="storage_area.warehouse")
    product = serializers.SerializerMethodField(
        help_text="What is grown here now; null without a configuration."
    )

    @extend_schema_field(ProductReferenceSerializer(allow_null=True))
    def get_product(self, location: Any) -> dict[str, Any] | None:
        configs = location.running_configs
        return dict(ProductReferenceSerializer(configs[0].product).data) if configs else None


class ProductStateReferenceSerializer(PlaceReferenceSerializer):
    """A state of growth by its code."""


class RunningConfigSerializer(serializers.Serializer[Any]):
    """What is grown at a location: counts are booked as this."""

    id = serializers.IntegerField()
    product = ProductReferenceSerializer()
    packaging = CatalogueReferenceSerializer(allow_null=True)
    expected_state = ProductStateReferenceSerializer(source="expected_product_state")
    area_cm2 = serializers.FloatField(allow_null=True, help_text="null: the whole location")
    started_at = serializers.DateTimeField()
    notes = serializers.CharField()


class StockOfProductSerializer(serializers.Serializer[Any]):
    """What a location holds of one product."""

    product = ProductReferenceSerializer()
    quantity = serializers.IntegerField(help_text="Living plants.")


class LastPhotoSerializer(serializers.Serializer[Any]):
    """The newest photo of a location."""

    image_id = serializers.UUIDField()
    taken_at = serializers.DateTimeField()
    thumbnail_url = serializers.SerializerMethodField(help_text="Good for 1 hour; null until it is made.")

    def get_thumbnail_url(self, photo: Any) -> str | None:
        return absolute(self.context["request"], photo.thumbnail_url)


@extend_schema_serializer(
    examples=[
        OpenApiExample("A location that was photographed", response_only=True, value=examples.LOCATION_DETAIL)
    ]
)
class LocationDetailSerializer(LocationSerializer):
    """A location with what stands there."""

    description = serializers.CharField()
    configuration = serializers.SerializerMethodField(help_text="null: its photos wait for one.")
    stock = StockOfProductSerializer(
        many=True, source="stock_by_product", help_text="By product, most first."
    )
    last_photo = LastPhotoSerializer(
        allow_null=True, help_text="The newest photo that you may see: workers see their own."
    )

    @extend_schema_field(RunningConfigSerializer(allow_null=True))
    def get_configuration(self, location: Any) -> dict[str, Any] | None:
        configs = location.running_configs
        return dict(RunningConfigSerializer(configs[0]).data) if configs else None


class LocationCandidateSerializer(serializers.Serializer[Any]):
    """A location near a position."""

    location = LocationReferenceSerializer()
    distance_m = serializers.FloatField(help_text="From the position to the outline: 0 inside.")


@extend_schema_serializer(
    examples=[OpenApiExample("Two locations within the error", response_only=True, value=examples.LOOKUP)]
)
class LookupSerializer(serializers.Serializer[Any]):
    """What a position may mean."""

    accuracy_m = serializers.FloatField(help_text="The error that was reckoned with.")
    location_id = serializers.IntegerField(
        allow_null=True,
        help_text="The location, if exactly one lies within the error; null: a person must choose.",
    )
    candidates = LocationCandidateSerializer(
        many=True, help_text=f"Nearest first, at most {MAX_CANDIDATES}, within 50 m or the error."
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A month in which 500 plants went that nobody has recorded",
            response_only=True,
            value=examples.PERIOD,
        )
    ]
)
class PeriodSerializer(serializers.Serializer[Any]):
    """Between two counts: opening + planted − dead − transplanted − sold + adjusted + difference = closing."""

    # The context holds `thumbnails`: the links to photos that the caller may see, by id.
    started_at = serializers.DateTimeField(help_text="When the count that opens it was taken.")
    ended_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When the closing count was taken, which opens the next period; null: it runs.",
    )
    opened_by = serializers.SerializerMethodField(help_text="null: before the first count.")
    opening = serializers.IntegerField()
    planted = serializers.IntegerField(help_text="Planted and sown.")
    dead = serializers.IntegerField()
    transplanted = serializers.IntegerField(help_text="Out to other locations, less in from them.")
    transplanted_in = serializers.IntegerField()
    transplanted_out = serializers.IntegerField()
    sold = serializers.IntegerField(help_text="Sales that are recorded.")
    adjusted = serializers.IntegerField(help_text="Adjustments, signed.")
    difference = serializers.IntegerField(
        help_text="What the closing count found more (+) or fewer (−) than all this lets expect: sales that nobody "
        "recorded, or errors."
    )
    closing = serializers.IntegerField(help_text="Of the period that runs: what the location holds now.")
    net_change = serializers.IntegerField()
    session_id = serializers.SerializerMethodField(help_text="The count of the photo that opens it.")
    image_id = serializers.SerializerMethodField(help_text="The photo that opens it.")
    thumbnail_url = serializers.SerializerMethodField(
        help_text="Of that photo, good for 1 hour; null until it is made, and for photos that you may not see."
    )

    @extend_schema_field(serializers.ChoiceField(["photo", "hand"], allow_null=True))
    def get_opened_by(self, period: Any) -> str | None:
        if period.opened_by is None:
            return None
        return "photo" if period.opened_by.image_id else "hand"

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_session_id(self, period: Any) -> Any:
        return period.opened_by and period.opened_by.session_uuid

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_image_id(self, period: Any) -> Any:
        return period.opened_by and period.opened_by.image_id

    def get_thumbnail_url(self, period: Any) -> str | None:
        image_id = period.opened_by and period.opened_by.image_id
        return absolute(self.context["request"], self.context["thumbnails"].get(image_id))


def absolute(request: Any, url: str | None) -> str | None:
    """A link that works from anywhere; those of a store are so already."""
    return None if url is None else str(request.build_absolute_uri(url))
