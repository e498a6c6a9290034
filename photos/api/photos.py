"""The gallery, one photo, and the trash. Each answer costs the same few queries, however many photos there are."""

from collections.abc import Callable, Collection
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from demeter.accounts.permissions import IsWorker
from demeter.api_errors import errors
from demeter.pagination import PageNumberPagination
from demeter.routers import UUID_PATTERN
from inventory.models import StorageLocation
from photos.api import photo_shapes as shapes
from photos.errors import NotCounted, UnknownPhotos
from photos.filters import ImageFilter
from photos.models import Image
from photos.querysets import ImageQuerySet
from photos.services.context.newest_counts import newest_counts, place_history
from photos.services.intake.uploads import find_location
from photos.services.results.session_lifecycle import assign_location
from photos.services.review.trash import restore, trash

HISTORY_LENGTH = 20


class GalleryPagination(PageNumberPagination):
    """?page=2&per_page=50 → {"photos": […], "pagination": {…}}."""

    results_key = "photos"


class Gallery(GenericAPIView[Image]):
    """The photos that a person may see."""

    serializer_class = shapes.CardSerializer
    pagination_class = GalleryPagination
    filterset_class = ImageFilter

    def get_queryset(self) -> ImageQuerySet:
        photos: ImageQuerySet = Image.objects.in_inventory()
        if getattr(self, "swagger_fake_view", False):  # the description is made without a user
            return photos.none()
        return photos.visible_to(cast(User, self.request.user))

    @extend_schema(
        operation_id="photos_gallery",
        description="Photos, newest first if no other `ordering` is asked for: workers their own, supervisors and "
        "admins all. Photos in the trash are found with `status=trash` alone.",
        responses={200: shapes.CardSerializer(many=True), **errors(400, 404)},
    )
    def get(self, request: Request) -> Response:
        photos = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        _set_newest_counts(photos)
        return self.get_paginated_response(self.get_serializer(photos, many=True).data)


class PhotoViewSet(ViewSet):
    """One photo, and several together into the trash or out of it."""

    lookup_field = "image_id"
    lookup_value_regex = UUID_PATTERN
    detail_name = "photo"

    @extend_schema(
        operation_id="photos_photo",
        description="A photo with its newest count, and the last 20 counts of the place that it shows.",
        responses={200: shapes.PhotoSerializer},
    )
    def retrieve(self, request: Request, image_id: UUID) -> Response:
        return self._photo(request, _find_photo(request, image_id))

    @extend_schema(
        operation_id="photos_place",
        description="Say which place a photo shows: workers their own, supervisors all. All its counts move there and "
        "are booked; nothing is counted again.",
        request=shapes.PlaceOfPhotoSerializer,
        responses={200: shapes.PhotoSerializer, **errors(400, 409)},
    )
    @action(methods=["post"], detail=True, permission_classes=[IsWorker], url_path="place")
    def place(self, request: Request, image_id: UUID) -> Response:
        user, image = cast(User, request.user), _find_photo(request, image_id)
        if image.uploaded_by_id != user.pk and not user.has_role(Role.SUPERVISOR):
            raise PermissionDenied
        given = shapes.PlaceOfPhotoSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        location = cast(StorageLocation, find_location(given.validated_data["storage_location_id"]))
        count = image.sessions.select_related("image").order_by("-attempt").first()
        if count is None:
            raise NotCounted(_("This photo was sent for an analysis only and has no place."))
        assign_location(session=count, location=location, user=user)
        return self._photo(request, _find_photo(request, image_id))

    def _photo(self, request: Request, image: Image) -> Response:
        _set_newest_counts([image])
        shown = cast(Any, image)
        user = cast(User, request.user)
        shown.place_history = place_history(shown.session, user, at_most=HISTORY_LENGTH)
        return Response(shapes.PhotoSerializer(image, context={"request": request}).data)

    @extend_schema(
        operation_id="photos_batch_delete",
        description="Put photos into the trash: workers their own, supervisors all. What they had booked is "
        "withdrawn; the original bytes stay. All of them or, if one may not be deleted, none.",
        request=shapes.ImageIdsSerializer,
        responses={200: shapes.DeletedSerializer, **errors(400, 404)},
    )
    @action(methods=["post"], detail=False, permission_classes=[IsWorker], url_path="batch-delete")
    def batch_delete(self, request: Request) -> Response:
        moved = _decide_together(request, trash)
        return Response({"deleted_count": len(moved), "deleted_image_ids": moved})

    @extend_schema(
        operation_id="photos_batch_restore",
        description="Take photos out of the trash; their counts book again.",
        request=shapes.ImageIdsSerializer,
        responses={200: shapes.RestoredSerializer, **errors(400, 404)},
    )
    @action(methods=["post"], detail=False, permission_classes=[IsWorker], url_path="batch-restore")
    def batch_restore(self, request: Request) -> Response:
        moved = _decide_together(request, restore)
        return Response({"restored_count": len(moved), "restored_image_ids": moved})


def _find_photo(request: Request, image_id: UUID) -> Image:
    visible = Image.objects.visible_to(cast(User, request.user)).not_deleted()
    return get_object_or_404(visible, pk=image_id)


def _set_newest_counts(photos: Collection[Image]) -> None:
    """Set `session` of each photo to its newest count, or None."""
    counts = newest_counts(photos)
    for photo in photos:
        cast(Any, photo).session = counts.get(photo.pk)


def _decide_together(request: Request, decide: Callable[..., list[UUID]]) -> list[UUID]:
    """All or none. Raises UnknownPhotos (404): whoever may see a photo here, a worker his own, may also decide."""
    user = cast(User, request.user)
    given = shapes.ImageIdsSerializer(data=request.data)
    given.is_valid(raise_exception=True)
    ids = set(given.validated_data["image_ids"])
    visible = set(Image.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))
    if unknown := sorted(str(image_id) for image_id in ids - visible):
        raise UnknownPhotos(
            _("Some of these photos do not exist, or you may not see them."), image_ids=unknown
        )
    return decide(image_ids=ids, user=user)
