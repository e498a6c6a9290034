"""Which weights have counted here, and how well they do; and the rows of the classifier."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from mlpipeline.classifier.models import ClassifiedPicture, Feedback, Prediction, ProductSampleImage

__all__ = [
    "ClassifiedPicture", "Evaluation", "Feedback", "ModelKind", "ModelVersion", "Prediction", "ProductSampleImage",
]  # fmt: skip


class ModelKind(models.TextChoices):
    """What weights do in the pipeline."""

    SEGMENTATION = "segmentation", _("Finds containers")
    DETECTION = "detection", _("Finds plants")
    CLASSIFICATION = "classification", _("Names what a picture shows")


class ModelVersion(models.Model):
    """Weights that have counted at least one photo here. The checksum is what a count refers to."""

    kind = models.CharField(_("kind"), max_length=15, choices=ModelKind)
    name = models.CharField(_("name"), max_length=100)
    sha256 = models.CharField(_("SHA-256"), max_length=64, unique=True)
    first_used_at = models.DateTimeField(_("first used"), auto_now_add=True)

    class Meta:
        db_table = "model_versions"
        verbose_name = _("model version")
        verbose_name_plural = _("model versions")
        ordering: ClassVar[list[str]] = ["-first_used_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.sha256[:8]})"


class Evaluation(models.Model):
    """How weights did on one set of pictures with known counts."""

    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.CASCADE, related_name="evaluations", verbose_name=_("model version")
    )
    dataset = models.CharField(_("pictures"), max_length=100)
    photos = models.PositiveIntegerField(_("number of pictures"))
    count_error_percent = models.FloatField(_("mean count error in %"))
    figures = models.JSONField(_("all figures"), default=dict)
    created_at = models.DateTimeField(_("measured at"), auto_now_add=True)

    class Meta:
        db_table = "evaluations"
        verbose_name = _("evaluation")
        verbose_name_plural = _("evaluations")
        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(count_error_percent__gte=0), name="evaluations_error_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_version}: {self.dataset}"
