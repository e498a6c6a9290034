"""What one picture shows, and feedback, under /api/v1/."""

from __future__ import annotations  # Django's files take no type argument at run time

from typing import Any, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from demeter.accounts.models import User
from demeter.accounts.permissions import IsSignedIn
from demeter.api_errors import errors
from demeter.serving.admission import LargeBody
from demeter.serving.views import TakesLargeBody
from demeter.serving.waiting import awaited_key, wait_for
from demeter.throttling import SharedScopedRate
from mlpipeline.classifier import queue
from mlpipeline.classifier.api import serializers
from mlpipeline.classifier.api.filters import FeedbackFilter
from mlpipeline.classifier.errors import FilePartMissing, NoFileProvided
from mlpipeline.classifier.models import Feedback, Prediction
from mlpipeline.classifier.services.feedback import give_feedback
from mlpipeline.classifier.services.predictions import find_ended, read_answer, request_prediction
from photos.errors import TooManyFiles
from photos.upload_handlers import ReceivedForm

ONE_PICTURE = LargeBody(max_bytes=settings.UPLOAD_MAX_FILE_BYTES, sink_of=ReceivedForm.of, is_awaited=True)
PREDICT_ERRORS = (400, 401, 409, 413, 415, 422, 429, 500, 503, 504, 507)


class PredictionThrottle(SharedScopedRate):
    """Bounds a client gone wild, far above what people and load scripts send."""


class Predict(TakesLargeBody):
    """The request waits for a model worker; no thread does (demeter.serving.waiting)."""

    large_body = ONE_PICTURE
    parser_classes = [MultiPartParser, FormParser]
    permission_classes = [IsSignedIn]
    throttle_classes = [PredictionThrottle]
    throttle_scope = "prediction"
    answer_serializer: type[serializers.PlainPredictionSerializer] = serializers.PredictionSerializer

    @extend_schema(
        operation_id="model_predict",
        description="Say what a picture shows: a product of the nursery where it has trained its own model, else any "
        "thing. Waits up to 60 seconds for the answer.",
        request={"multipart/form-data": serializers.PictureFormSerializer},
        responses={200: serializers.PredictionSerializer, **errors(*PREDICT_ERRORS)},
    )
    def post(self, request: Request) -> Response:
        prediction_id = awaited_key(request)
        if prediction_id is None:
            prediction = request_prediction(user=cast(User, request.user), file=_file_of(request))
            queue.send_prediction(prediction)
            prediction_id = prediction.pk
            within_s = settings.PREDICTION_TIMEOUT_S
            if not wait_for(request, prediction_id, find_ready=find_ended, within_s=within_s):
                return Response(status=status.HTTP_202_ACCEPTED)  # dropped: the gateway calls again
        answer = _answer(read_answer(prediction_id))
        version = {"X-Model-Version": answer["model_version"]}
        return Response(self.answer_serializer(answer).data, headers=version)


def _answer(prediction: Prediction) -> dict[str, Any]:
    return {
        "success": True,
        "prediction": prediction.label,
        "score": round(prediction.score or 0.0, 4),
        "image_file_name": prediction.picture.file_name,
        "model_version": f"{prediction.model_name} ({prediction.model_sha256[:8]})",
    }


def _file_of(request: Request) -> UploadedFile[Any]:
    """The part `file`. Raises NoFileProvided where a form left it empty, FilePartMissing, TooManyFiles."""
    files = cast("list[UploadedFile[Any]]", request.FILES.getlist("file"))
    if len(files) > 1:
        raise TooManyFiles(_("Send one photo."), limit=1)
    if files:
        return files[0]
    if cast("dict[str, Any]", request.data).get("file") == "":
        raise NoFileProvided(_("No file provided"))
    raise FilePartMissing(_("The request has no part “file”."))


class FeedbackView(ListAPIView[Feedback]):
    """GET: the caller's own feedback, newest first if no other order is asked for. POST: give some."""

    serializer_class = serializers.FeedbackSerializer
    permission_classes = [IsSignedIn]
    filterset_class = FeedbackFilter

    def get_queryset(self) -> QuerySet[Feedback]:
        if getattr(self, "swagger_fake_view", False):  # the description is made without a user
            return Feedback.objects.none()
        return Feedback.objects.filter(user=cast(User, self.request.user))

    @extend_schema(
        operation_id="feedback_list",
        description="The caller's own feedback, newest first if no other `ordering` is asked for.",
        responses={200: serializers.FeedbackSerializer(many=True)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="feedback_create",
        description="Say whether a prediction was right, or what the picture shows.",
        request=serializers.FeedbackSerializer,
        responses={201: serializers.FeedbackSerializer, **errors(400)},
    )
    def post(self, request: Request) -> Response:
        given = serializers.FeedbackSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        feedback = give_feedback(user=cast(User, request.user), **given.validated_data)
        return Response(serializers.FeedbackSerializer(feedback).data, status=status.HTTP_201_CREATED)
