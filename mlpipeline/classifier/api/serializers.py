"""The shapes of requests and answers about one picture."""

import math
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from demeter.api_examples import answer_example
from mlpipeline.classifier.models import Feedback

_PICTURE = {"image_file_name": "0cc175b9c0f1b6a831c399e269772661.jpg"}
_PREDICTION = {"success": True, "prediction": "Rosa de alabastro", "score": 0.9312, **_PICTURE}


class PictureFormSerializer(serializers.Serializer[Any]):
    """For the description: the form. The service looks at the file itself."""

    file = serializers.FileField(help_text="A picture whose name ends in .png, .jpg, .jpeg or .gif.")


@answer_example(_PREDICTION)
class PlainPredictionSerializer(serializers.Serializer[Any]):
    """What older clients know."""

    success = serializers.BooleanField(default=True)
    prediction = serializers.CharField(help_text="What the picture shows.")
    score = serializers.FloatField(help_text="Probability of that, 0 to 1, rounded to 4 decimals.")
    image_file_name = serializers.CharField(help_text="The MD5 of the picture, and the ending of its name.")


@answer_example({**_PREDICTION, "model_version": "nursery (5f0c1a2b)"})
class PredictionSerializer(PlainPredictionSerializer):
    """What a picture shows, with the version of the model that says so."""

    model_version = serializers.CharField(help_text="Which model said so: its name and checksum.")


@answer_example(
    {
        "id": 31,
        "feedback": "correct",
        "score": 0.9312,
        "predicted_class": "Rosa de alabastro",
        **_PICTURE,
        "user_id": 12,
        "created_at": "2026-04-01T09:14:00-03:00",
    }
)
class FeedbackSerializer(serializers.ModelSerializer[Feedback]):
    """All fields are required; a number may come as a text."""

    score = serializers.FloatField()
    user_id = serializers.IntegerField(read_only=True)

    class Meta:
        model = Feedback
        fields = [
            "id", "feedback", "score", "predicted_class", "image_file_name", "user_id", "created_at"
        ]  # fmt: skip
        read_only_fields = ["id", "created_at"]

    def validate_score(self, score: float) -> float:
        if not math.isfinite(score):
            raise serializers.ValidationError(_("This is no number."))
        return score
