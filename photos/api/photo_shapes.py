"""The shapes of photos in answers: a card of the gallery, and one photo with all that is known of it."""

from typing import Any, Final, cast
from uuid import UUID

from django.http import HttpRequest
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from demeter.api_examples import answer_example
from demeter.links import absolute_link
from photos import image_urls
from photos.api import examples
from photos.api.serializers import OmitsEmpty, counts_by_class_field
from photos.choices import CountWarning, ImageStatus, SessionStatus
from photos.decoding.renderings import PREVIEW_PX
from photos.error_texts import error_details_text
from photos.models import Image, ProcessingSession

_LINK_HELP: Final = "A signed link, good for 1 hour; null until the picture is made."


class _Linked(OmitsEmpty):
    """Gives absolute links. The context holds the request."""

    def link(self, url: str | None) -> str | None:
        return absolute_link(cast(HttpRequest, self.context["request"]), url)


def _drawing_of(image: Any) -> UUID | None:
    """The drawing of the newest count (`session`, set by the view)."""
    return image.session.processed_image_id if image.session else None


class CardSessionSerializer(serializers.Serializer[Any]):
    """The numbers of a count, as a person validated them, else by the model."""

    session_id = serializers.UUIDField(source="uuid")
    total_detected = serializers.IntegerField(source="detected")
    total_estimated = serializers.IntegerField(source="estimated")
    total = serializers.IntegerField()
    storage_location_id = serializers.IntegerField(allow_null=True)
    storage_location_name = serializers.CharField(
        source="storage_location.name", default=None, allow_null=True
    )


@answer_example(examples.CARD)
class CardSerializer(_Linked):
    """One photo of the gallery with its newest count (`session`, set by the view)."""

    omitted_if_none = ("error_details",)

    image_id = serializers.UUIDField(source="pk")
    thumbnail_url = serializers.SerializerMethodField(help_text=_LINK_HELP)
    annotated_thumbnail_url = serializers.SerializerMethodField(help_text=_LINK_HELP)
    original_url = serializers.SerializerMethodField(help_text=_LINK_HELP)
    status = serializers.ChoiceField(ImageStatus.choices)
    uploaded_at = serializers.DateTimeField()
    warehouse_name = serializers.SerializerMethodField()
    error_details = serializers.SerializerMethodField(
        help_text="Why it failed or what it waits for; absent else."
    )
    warnings = serializers.SerializerMethodField()
    processing_session = CardSessionSerializer(source="session", allow_null=True)

    def get_thumbnail_url(self, image: Image) -> str | None:
        return self.link(image_urls.plain_thumbnail_url(image))

    def get_annotated_thumbnail_url(self, image: Image) -> str | None:
        return self.link(image_urls.annotated_thumbnail_url(image, _drawing_of(image)))

    def get_original_url(self, image: Image) -> str | None:
        return self.link(image_urls.original_url(image))

    def get_warehouse_name(self, image: Any) -> str | None:
        place = image.session.storage_location if image.session else None
        return str(place.storage_area.warehouse.name) if place else None

    def get_error_details(self, image: Image) -> str | None:
        return error_details_text(image.error_details) or None

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(CountWarning.choices)))
    def get_warnings(self, image: Any) -> list[str]:
        return list(image.session.warnings) if image.session else []


class PositionSerializer(serializers.Serializer[Any]):
    """Where a phone says that it was."""

    lat = serializers.FloatField()
    lon = serializers.FloatField()
    altitude = serializers.FloatField(allow_null=True, help_text="m above sea level")
    accuracy = serializers.FloatField(allow_null=True, help_text="m")


class ExifSerializer(serializers.Serializer[Any]):
    """What the camera said; null what it did not."""

    camera_make = serializers.CharField(allow_null=True, default=None)
    camera_model = serializers.CharField(allow_null=True, default=None)
    datetime_original = serializers.CharField(allow_null=True, default=None)
    gps_latitude = serializers.FloatField(allow_null=True)
    gps_longitude = serializers.FloatField(allow_null=True)


class MetadataSerializer(serializers.Serializer[Any]):
    """The file. Sizes are those of the picture as a person sees it."""

    file_size_bytes = serializers.IntegerField()
    width_px = serializers.IntegerField()
    height_px = serializers.IntegerField()
    content_type = serializers.CharField()
    sha256 = serializers.CharField()
    gps_coordinates = PositionSerializer(allow_null=True)
    exif = serializers.SerializerMethodField()

    @extend_schema_field(ExifSerializer)
    def get_exif(self, image: Image) -> dict[str, Any]:
        position = image.gps_coordinates or {}
        known = {
            **image.exif, "gps_latitude": position.get("lat"), "gps_longitude": position.get("lon"),
        }  # fmt: skip
        return dict(ExifSerializer(known).data)


class CandidateSerializer(serializers.Serializer[Any]):
    """A place that the photo may show."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    distance_m = serializers.FloatField()


class PhotoSessionSerializer(CardSessionSerializer):
    """A count with all that is known of it."""

    status = serializers.ChoiceField(SessionStatus.choices)
    warnings = serializers.ListField(child=serializers.ChoiceField(CountWarning.choices))
    location_candidates = CandidateSerializer(many=True)
    interval = serializers.ListField(
        child=serializers.IntegerField(),
        min_length=2,
        max_length=2,
        allow_null=True,
        help_text="[low, high]: the true number lies between them 90 times in 100.",
    )
    total_empty_containers = serializers.IntegerField(source="empty")
    avg_confidence = serializers.FloatField(allow_null=True)
    category_counts = counts_by_class_field("counts_by_class")
    model_versions = serializers.DictField()
    validated = serializers.BooleanField()
    validated_by = serializers.CharField(
        source="validated_by.name", default=None, allow_null=True, help_text="The name of who validated it."
    )
    validation_date = serializers.DateTimeField(allow_null=True)
    manual_adjustments = serializers.DictField()
    timings = serializers.DictField(child=serializers.FloatField(), help_text="Seconds a stage.")


class PlaceEventSerializer(serializers.Serializer[Any]):
    """A count of the same place."""

    timestamp = serializers.DateTimeField(source="image.taken_at")
    event = serializers.SerializerMethodField()
    total_plants = serializers.IntegerField(source="total_living", help_text="The living.")
    session_id = serializers.UUIDField(source="uuid")

    @extend_schema_field(serializers.ChoiceField(["counted", "validated"]))
    def get_event(self, session: ProcessingSession) -> str:
        return "validated" if session.validated else "counted"


@answer_example(examples.PHOTO)
class PhotoSerializer(_Linked):
    """One photo with its newest count (`session`) and the last counts of its place (`place_history`)."""

    image_id = serializers.UUIDField(source="pk")
    original_url = serializers.SerializerMethodField(help_text=_LINK_HELP)
    preview_url = serializers.SerializerMethodField(
        help_text=f"A JPEG of at most {PREVIEW_PX} px in place of an original that browsers do not show upright "
        "(HEIC), or that is larger: a signed link, good for 1 hour; null until it is made, and where none is needed."
    )
    thumbnail_url = serializers.SerializerMethodField(help_text=_LINK_HELP)
    annotated_url = serializers.SerializerMethodField(help_text=_LINK_HELP)
    annotated_thumbnail_url = serializers.SerializerMethodField(help_text=_LINK_HELP)
    status = serializers.ChoiceField(ImageStatus.choices)
    error_details = serializers.SerializerMethodField()
    metadata = MetadataSerializer(source="*")
    processing_session = PhotoSessionSerializer(source="session", allow_null=True)
    storage_location_history = PlaceEventSerializer(source="place_history", many=True)

    def get_original_url(self, image: Image) -> str | None:
        return self.link(image_urls.original_url(image))

    def get_preview_url(self, image: Image) -> str | None:
        return self.link(image_urls.preview_url(image))

    def get_thumbnail_url(self, image: Image) -> str | None:
        return self.link(image_urls.plain_thumbnail_url(image))

    def get_annotated_url(self, image: Image) -> str | None:
        return self.link(image_urls.annotated_url(image, _drawing_of(image)))

    def get_annotated_thumbnail_url(self, image: Image) -> str | None:
        return self.link(image_urls.annotated_thumbnail_url(image, _drawing_of(image)))

    def get_error_details(self, image: Image) -> str | None:
        return error_details_text(image.error_details) or None


class PlaceOfPhotoSerializer(serializers.Serializer[Any]):
    """The place that a photo shows."""

    storage_location_id = serializers.IntegerField(min_value=1)


class ImageIdsSerializer(serializers.Serializer[Any]):
    """Photos to decide about together."""

    image_ids = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=500)


@answer_example(examples.DELETED)
class DeletedSerializer(serializers.Serializer[Any]):
    """What is in the trash now and was not before."""

    deleted_count = serializers.IntegerField()
    deleted_image_ids = serializers.ListField(child=serializers.UUIDField())


@answer_example(examples.RESTORED)
class RestoredSerializer(serializers.Serializer[Any]):
    """What is out of the trash now and was in it before."""

    restored_count = serializers.IntegerField()
    restored_image_ids = serializers.ListField(child=serializers.UUIDField())
