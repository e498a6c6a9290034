"""Django's configuration of the app `demeter`."""

from importlib import import_module

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class DemeterConfig(AppConfig):
    """The wiring itself: its commands, its templates, the workers' heartbeats and the system checks."""

    name = "demeter"

    def ready(self) -> None:
        # Connects to Celery's signals. It needs the models, so not earlier.
        import_module("demeter.heartbeats")
        import_module("demeter.task_context")
        import_module("demeter.checks")
        # Registers the lookup `folded_contains`; that too needs the apps to be loaded.
        connection_created.connect(import_module("demeter.text_search").add_fold_function)
