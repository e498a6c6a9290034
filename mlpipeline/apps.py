"""The app that turns pixels into a count."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MlpipelineConfig(AppConfig):
    """Counting and classifying: its models, admin pages, commands and system checks."""

    name = "mlpipeline"
    verbose_name = _("Counting")

    def ready(self) -> None:
        import_module("mlpipeline.checks")  # registers them
