from django.apps import AppConfig


class DemeterConfig(AppConfig):
    """The wiring itself: its commands and templates."""

    name = "demeter"
