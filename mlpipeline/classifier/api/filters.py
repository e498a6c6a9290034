"""In which order lists of feedback come."""

from typing import ClassVar

from django_filters import FilterSet

from demeter.filters import StableOrdering
from mlpipeline.classifier.models import Feedback


class FeedbackFilter(FilterSet):
    """For a person's own feedback."""

    ordering = StableOrdering(fields=["created_at", "score", "predicted_class"])

    class Meta:
        model = Feedback
        fields: ClassVar[list[str]] = []
