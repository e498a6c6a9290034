"""Reading a label, under /api/v1/."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from demeter.api_errors import errors
from demeter.serving.admission import LargeBody
from demeter.serving.views import TakesLargeBody
from demeter.throttling import SharedScopedRate
from inventory.models import StorageLocation
from mlpipeline.labels import serializers
from mlpipeline.labels.reading import MAX_BYTES, read_label_texts
from photos.api.uploads import files_of
from photos.errors import NoFile, TooManyFiles
from photos.upload_handlers import ReceivedForm


class LabelThrottle(SharedScopedRate):
    """Bounds the pictures of labels of one user: a camera that looks for a label sends one every second."""


class ReadLabel(TakesLargeBody):
    """Whoever may read places may ask which one a label names."""

    large_body = LargeBody(max_bytes=MAX_BYTES, sink_of=ReceivedForm.of)
    parser_classes = [MultiPartParser]
    throttle_classes = [LabelThrottle]
    throttle_scope = "label"

    @extend_schema(
        operation_id="locations_label",
        description="Which locations the QR labels in a picture name. For phones whose browser reads no codes itself. "
        "The picture is read and forgotten.",
        request={"multipart/form-data": serializers.LabelFormSerializer},
        responses={200: serializers.LabelSerializer, **errors(400, 503)},
    )
    def post(self, request: Request) -> Response:
        files = files_of(request)
        if not files:
            raise NoFile(_("Send at least one photo."))
        if len(files) > 1:
            raise TooManyFiles(_("Send one photo."), limit=1)
        texts = read_label_texts(files[0])
        locations = StorageLocation.objects.in_use().labelled(texts).select_related("storage_area__warehouse")
        answer = {"code_count": len(texts), "locations": locations.order_by("code")}
        return Response(serializers.LabelSerializer(answer).data)
