"""The states of a prediction, and what a sample picture is of."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PredictionStatus(models.TextChoices):
    """The state of a prediction; `pending` until a worker has written its answer or it has expired."""

    PENDING = "pending", _("Waiting")
    ANSWERED = "answered", _("Answered")
    FAILED = "failed", _("Failed")


class SampleType(models.TextChoices):
    """Why a picture of a product was taken as a sample."""

    REFERENCE = "reference", _("Reference")
    GROWTH_STAGE = "growth_stage", _("Growth stage")
    QUALITY_CHECK = "quality_check", _("Quality check")
    MONTHLY_SAMPLE = "monthly_sample", _("Monthly sample")
