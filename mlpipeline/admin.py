"""The weights in the admin: read-only, they are facts. And the pages of the classifier."""

from django.contrib import admin
from django.http import HttpRequest

from demeter.admin_base import ModelAdmin
from mlpipeline.classifier.admin import (
    ClassifiedPictureAdmin,
    FeedbackAdmin,
    PredictionAdmin,
    ProductSampleImageAdmin,
)
from mlpipeline.models import Evaluation, ModelVersion

__all__ = [
    "ClassifiedPictureAdmin",
    "EvaluationAdmin",
    "FeedbackAdmin",
    "ModelVersionAdmin",
    "PredictionAdmin",
    "ProductSampleImageAdmin",
]


class _ReadOnly(ModelAdmin):
    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(ModelVersion)
class ModelVersionAdmin(_ReadOnly):
    """The weights that have counted here, by kind and checksum."""

    list_display = ("name", "kind", "sha256", "first_used_at")
    list_filter = ("kind",)
    search_fields = ("name", "sha256")


@admin.register(Evaluation)
class EvaluationAdmin(_ReadOnly):
    """How weights did on data sets with known counts."""

    list_display = ("model_version", "dataset", "photos", "count_error_percent", "created_at")
    list_filter = ("dataset",)
    search_fields = ("dataset", "model_version__name")
    list_select_related = ("model_version",)
