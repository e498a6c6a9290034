"""The same at the root, as existing clients call it: errors as {"detail": "…"}, in English, bearer tokens only."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view

from demeter.accounts.legacy_api import LegacyAPIView, PlainErrorSerializer
from mlpipeline.classifier.api import serializers
from mlpipeline.classifier.api.views import PREDICT_ERRORS, FeedbackView, Predict


def _plain(*statuses: int) -> dict[int, type[Any]]:
    return dict.fromkeys(statuses, PlainErrorSerializer)


@extend_schema_view(
    post=extend_schema(
        operation_id="root_predict",
        responses={200: serializers.PlainPredictionSerializer, **_plain(*PREDICT_ERRORS)},
    )
)
class RootPredict(LegacyAPIView, Predict):
    """POST /model/predict. Which model has answered is told by the header X-Model-Version."""

    answer_serializer = serializers.PlainPredictionSerializer


@extend_schema_view(
    get=extend_schema(
        operation_id="root_feedback_list",
        description="The caller's own feedback, newest first.",
        responses={200: serializers.FeedbackSerializer(many=True), **_plain(401)},
    ),
    post=extend_schema(
        operation_id="root_feedback_create",
        responses={201: serializers.FeedbackSerializer, **_plain(400, 401)},
    ),
)
class RootFeedback(LegacyAPIView, FeedbackView):
    """GET and POST /feedback/: the list is a plain one, as these clients expect."""

    pagination_class = None
    filter_backends = []
