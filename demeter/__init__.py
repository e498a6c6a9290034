"""DemeterAI: the wiring. It holds no rule of the domain."""

from demeter.celery import app as celery_app

__all__ = ["celery_app"]
