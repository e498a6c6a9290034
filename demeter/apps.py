from importlib import import_module

from django.apps import AppConfig


class DemeterConfig(AppConfig):
    """The wiring itself: its commands, its templates and the workers' signs of life."""

    name = "demeter"

    def ready(self) -> None:
        # Connects to Celery's signals. It needs the models, so not earlier.
        import_module("demeter.heartbeats")
        import_module("demeter.checks")
