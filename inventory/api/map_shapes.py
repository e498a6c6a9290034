"""The shape of the map, for the description: the answer itself is built as it is sent, for 1,300 places at once."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from inventory.api import examples
from inventory.api.serializers import PlaceReferenceSerializer, PolygonField
from inventory.choices import AreaPosition, WarehouseType


class MapPlaceSerializer(PlaceReferenceSerializer):
    """What every place on the map has."""

    polygon = PolygonField()
    quantity = serializers.IntegerField(help_text="Living plants now.")
    change = serializers.IntegerField(help_text="Plants more (+) or fewer (−) than at `change_since`.")
    last_photo_at = serializers.DateTimeField(
        allow_null=True, help_text="When the newest photo was taken; null without one."
    )


class MapLocationSerializer(MapPlaceSerializer):
    """A claro."""


class MapAreaSerializer(MapPlaceSerializer):
    """A cantero. It holds what its locations hold."""

    position = serializers.ChoiceField(
        AreaPosition.choices, allow_null=True, help_text="The side of its warehouse; null if nobody has said."
    )
    locations = MapLocationSerializer(many=True)


class MapWarehouseSerializer(MapPlaceSerializer):
    """A nave. It holds what its areas hold."""

    type = serializers.ChoiceField(WarehouseType.choices)
    areas = MapAreaSerializer(many=True)


@extend_schema_serializer(examples=[OpenApiExample("One location", response_only=True, value=examples.MAP)])
class MapSerializer(serializers.Serializer[Any]):
    """All places in use."""

    change_since = serializers.DateTimeField(help_text="Since when the changes are counted.")
    warehouses = MapWarehouseSerializer(many=True)
