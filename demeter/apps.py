from importlib import import_module

from django.apps import AppConfig


class DemeterConfig(AppConfig):
    """The wiring itself: its commands, its templates and the workers' signs of life."""

    name = "demeter"

    def ready(self) -> None:
        import_module("demeter.heartbeats")  # connects to Celery's signals; it needs the models, so not earlier
