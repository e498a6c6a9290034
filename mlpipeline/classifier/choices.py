"""The states of a prediction, and what a sample picture is of."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PredictionStatus(models.TextChoices):
    PENDING = "pending", _("Waiting")
    ANSWERED = "answered", _("Answered")
    FAILED = "failed", _("Failed")


class SampleType(models.TextChoices):
    REFERENCE = "reference", _("Reference")
    GROWTH_STAGE = "growth_stage", _("Growth stage")
    QUALITY_CHECK = "quality_check", _("Quality check")
    MONTHLY_SAMPLE = "monthly_sample", _("Monthly sample")
