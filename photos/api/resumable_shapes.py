"""The shapes of requests and answers about photos that are sent in chunks."""

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from demeter.api_examples import answer_example
from photos.api import examples
from photos.api.serializers import AcceptedJobSerializer, UploadRequestSerializer

_SHA256 = RegexValidator(r"\A[0-9a-f]{64}\Z", message="64 hexadecimal digits in lower case.")


class MetadataSerializer(UploadRequestSerializer):
    """What Upload-Metadata may say; unknown keys are ignored, as tus asks."""

    filename = serializers.CharField(required=False, allow_blank=True, default="")
    sha256 = serializers.CharField(required=False, allow_blank=True, default="", validators=[_SHA256])
    upload_session_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    file_id = serializers.UUIDField(required=False, allow_null=True, default=None)

    def to_internal_value(self, data: Any) -> Any:
        """A key with an empty value says nothing: forms in browsers leave fields empty."""
        return super().to_internal_value({key: value for key, value in data.items() if value != ""})


@answer_example(examples.RESUMABLE_UPLOAD)
class ResumableUploadSerializer(serializers.Serializer[Any]):
    """A photo that is sent in chunks: how far it has come, and what it has become."""

    upload_id = serializers.UUIDField(source="id")
    upload_session_id = serializers.UUIDField(source="upload_session_uuid")
    filename = serializers.CharField()
    size_bytes = serializers.IntegerField()
    offset_bytes = serializers.IntegerField(help_text="How many bytes have arrived.")
    expires_at = serializers.DateTimeField(help_text="Until when it can be continued.")
    job = AcceptedJobSerializer(allow_null=True, help_text="null until the last byte has arrived.")


class HashListSerializer(serializers.Serializer[Any]):
    """The SHA-256 of some photos."""

    sha256s = serializers.ListField(
        child=serializers.CharField(validators=[_SHA256]), min_length=1, max_length=100
    )


class KnownPhotoSerializer(serializers.Serializer[Any]):
    """A photo that the server has."""

    sha256 = serializers.CharField()
    image_id = serializers.UUIDField(source="pk")
    uploaded_at = serializers.DateTimeField()


@answer_example(examples.KNOWN_PHOTOS)
class KnownPhotosSerializer(serializers.Serializer[Any]):
    """Those of the photos asked for that the server has, and the caller may see."""

    known = KnownPhotoSerializer(many=True)
