"""Places for those who may read: lists, one location and its history, finding one, and the map."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar, Final, cast

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from demeter.accounts.models import User
from demeter.api_errors import errors
from demeter.pagination import PageNumberPagination
from inventory.api import serializers
from inventory.api.filters import AreaFilter, AreaLocationFilter, LocationFilter, WarehouseFilter
from inventory.api.map_shapes import MapSerializer
from inventory.models import StorageArea, StorageLocation, Warehouse
from inventory.querysets import StorageLocationQuerySet
from inventory.services.history import periods_of
from inventory.services.place_map import place_map
from inventory.services.place_photos import PlaceLevel, place_photos
from inventory.services.place_stock import stock_by_product
from inventory.services.places import rank_locations

ID_PATTERN: Final = "[0-9]{1,18}"  # what fits a key of the database


def _path_id(name: str = "id") -> OpenApiParameter:
    """The key of a place in the path, for the description: a pattern alone says that it is any text."""
    return OpenApiParameter(name, OpenApiTypes.INT, OpenApiParameter.PATH)


class _PlaceViewSet(GenericViewSet[Any]):
    """Places of one level, with the dates of their newest photos read at once."""

    level: ClassVar[PlaceLevel]
    lookup_value_regex = ID_PATTERN

    def serialize(self, places: list[Any]) -> list[Any]:
        taken_at = place_photos().last_taken_at(self.level, [place.pk for place in places])
        context = {**self.get_serializer_context(), "last_taken_at": taken_at}
        return list(self.get_serializer_class()(places, many=True, context=context).data)


class _Lists(_PlaceViewSet):
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(self.serialize(list(page)))


class _Retrieves(_PlaceViewSet):
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A place by its key, whether it is in use or not: no filter applies."""
        place = get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"])
        return Response(self.serialize([place])[0])


class _Warehouses(_PlaceViewSet):
    level = PlaceLevel.WAREHOUSE
    serializer_class = serializers.WarehouseSerializer
    filterset_class = WarehouseFilter

    def get_queryset(self) -> QuerySet[Warehouse]:
        return Warehouse.objects.with_stock().order_by("code")


class _Areas(_PlaceViewSet):
    level = PlaceLevel.AREA
    serializer_class = serializers.AreaSerializer
    filterset_class = AreaFilter

    def get_queryset(self) -> QuerySet[StorageArea]:
        return StorageArea.objects.with_stock().select_related("warehouse").order_by("code")


class _Locations(_PlaceViewSet):
    level = PlaceLevel.LOCATION
    serializer_class = serializers.LocationSerializer
    filterset_class = LocationFilter

    def get_queryset(self) -> StorageLocationQuerySet:
        locations = StorageLocation.objects.with_stock().with_running_config()
        return locations.select_related("storage_area__warehouse").order_by("code")


@extend_schema_view(
    list=extend_schema(
        operation_id="warehouses",
        description="The warehouses (naves) in use, by code.",
        responses={200: serializers.WarehouseSerializer(many=True), **errors(400)},
    ),
    retrieve=extend_schema(
        operation_id="warehouse",
        description="One warehouse, also one that is out of use.",
        parameters=[_path_id()],
        responses={200: serializers.WarehouseSerializer},
    ),
)
class WarehouseViewSet(_Lists, _Retrieves, _Warehouses):
    """Naves."""


@extend_schema_view(
    list=extend_schema(
        operation_id="warehouse_areas",
        description="The areas (canteros) in use of a warehouse, by code.",
        parameters=[_path_id("warehouse_id")],
        responses={200: serializers.AreaSerializer(many=True), **errors(400)},
    )
)
class WarehouseAreasViewSet(_Lists, _Areas):
    """Canteros of one nave."""

    def get_queryset(self) -> QuerySet[StorageArea]:
        return super().get_queryset().filter(warehouse=self.kwargs.get("warehouse_id"))

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        get_object_or_404(Warehouse, pk=kwargs["warehouse_id"])
        return super().list(request, *args, **kwargs)


@extend_schema_view(
    retrieve=extend_schema(
        operation_id="area",
        description="One area, also one that is out of use.",
        parameters=[_path_id()],
        responses={200: serializers.AreaSerializer},
    )
)
class AreaViewSet(_Retrieves, _Areas):
    """A cantero by its key."""


@extend_schema_view(
    list=extend_schema(
        operation_id="area_locations",
        description="The locations (claros) in use of an area, by code.",
        parameters=[_path_id("area_id")],
        responses={200: serializers.LocationSerializer(many=True), **errors(400)},
    )
)
class AreaLocationsViewSet(_Lists, _Locations):
    """Claros of one cantero."""

    filterset_class = AreaLocationFilter

    def get_queryset(self) -> StorageLocationQuerySet:
        return super().get_queryset().filter(storage_area=self.kwargs.get("area_id"))

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        get_object_or_404(StorageArea, pk=kwargs["area_id"])
        return super().list(request, *args, **kwargs)


class HistoryPagination(PageNumberPagination):
    """A year of monthly counts a page."""

    page_size = 12
    page_size_query_param = None


@extend_schema_view(
    list=extend_schema(
        operation_id="locations",
        description="The locations (claros) in use of all areas, by code.",
        responses={200: serializers.LocationSerializer(many=True), **errors(400)},
    )
)
class LocationViewSet(_Lists, _Locations):
    """Claros: lists, one of them, its history, and finding one."""

    @extend_schema(
        operation_id="location",
        description="One location, also one that is out of use, with its configuration and what stands there.",
        parameters=[_path_id()],
        responses={200: serializers.LocationDetailSerializer},
    )
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        location: Any = get_object_or_404(self.get_queryset(), pk=kwargs["pk"])
        location.stock_by_product = stock_by_product(location)
        location.last_photo = place_photos().last_photo(location, cast(User, request.user))
        return Response(self.serialize([location])[0])

    def get_serializer_class(self) -> type[Any]:
        if self.action == "retrieve":
            return serializers.LocationDetailSerializer
        return serializers.LocationSerializer

    @extend_schema(
        operation_id="location_history",
        description="What became of the plants of a location from count to count, the running period first; 12 a page. "
        "A period begins with a count that decides, of a photo or by hand, and ends with the next.",
        parameters=[_path_id()],
        responses={200: serializers.PeriodSerializer(many=True)},
    )
    @action(detail=True, pagination_class=HistoryPagination, filter_backends=[])
    def history(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        location = get_object_or_404(StorageLocation, pk=kwargs["pk"])
        page: list[Any] = list(self.paginate_queryset(periods_of(location)) or [])
        photos = {period.opened_by.image_id for period in page if period.opened_by} - {None}
        thumbnails = place_photos().thumbnail_urls(photos, cast(User, request.user))
        context = {**self.get_serializer_context(), "thumbnails": thumbnails}
        return self.get_paginated_response(
            serializers.PeriodSerializer(page, many=True, context=context).data
        )

    @extend_schema(
        operation_id="locations_search",
        description="The locations in use in which every word occurs; one whose code or QR code it is comes first.",
        parameters=[serializers.SearchQuerySerializer],
        responses={200: serializers.LocationSerializer(many=True), **errors(400)},
    )
    @action(detail=False, filter_backends=[])
    def search(self, request: Request) -> Response:
        query = serializers.SearchQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = self.get_queryset().in_use().matching(query.validated_data["q"])
        return self.get_paginated_response(self.serialize(list(self.paginate_queryset(found) or [])))

    @extend_schema(
        operation_id="locations_lookup",
        description="Which location a position means. Locations are narrower than a phone errs, so mostly a person "
        "chooses among the candidates.",
        parameters=[serializers.LookupQuerySerializer],
        responses={200: serializers.LookupSerializer, **errors(400)},
    )
    @action(detail=False, filter_backends=[], pagination_class=None)
    def lookup(self, request: Request) -> Response:
        query = serializers.LookupQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        error_m = min(wanted.get("accuracy_m") or settings.GPS_DEFAULT_ERROR_M, serializers.MAX_ERROR_M)
        ranked = rank_locations(wanted["lat"], wanted["lon"], error_m, serializers.MAX_CANDIDATES)
        answer = {
            "accuracy_m": error_m,
            "location_id": ranked.named.pk if ranked.named else None,
            "candidates": [
                {"location": match.location, "distance_m": round(match.distance_m, 1)}
                for match in ranked.nearest
            ],
        }
        return Response(serializers.LookupSerializer(answer).data)


class PlaceMap(APIView):
    """All outlines with what stands there."""

    @extend_schema(
        operation_id="map",
        description="The outlines of all places in use, with what stands there. The answer has an ETag, which stays "
        "until something changes, or the day: a repeated question with If-None-Match gets no body.",
        parameters=[serializers.MapQuerySerializer],
        responses={
            200: MapSerializer,
            304: OpenApiResponse(description="Nothing has changed since."),
            **errors(400),
        },
    )
    def get(self, request: Request) -> HttpResponse:
        query = serializers.MapQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        content = JSONRenderer().render(place_map(query.validated_data["days"]))
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
        answer = HttpResponse(content, content_type="application/json", headers=headers)
        return get_conditional_response(request, etag=etag, response=answer) or answer
