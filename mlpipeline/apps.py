"""The app that turns pixels into a count."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MlpipelineConfig(AppConfig):
    """Counting and classifying: its models, admin pages, commands and system checks."""

    name = "mlpipeline"
    verbose_name = _("Counting")

    def ready(self) -> None:
        """Register the checks, and what the clearing of staging has to leave of the classifier's pictures."""
        from mlpipeline.classifier.models import ClassifiedPicture  # noqa: PLC0415 - models are loaded only now
        from photos.services.execution.cleanup import keep_in_staging  # noqa: PLC0415 - models are loaded only now

        import_module("mlpipeline.checks")  # registers them
        keep_in_staging(ClassifiedPicture.objects.staged_keys)
