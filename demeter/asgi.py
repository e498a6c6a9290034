"""ASGI entry point of the web process: the gateway, and behind it Django's WSGI handler."""

from pathlib import Path

from django.conf import settings

from demeter.serving.garbage import freeze_loaded
from demeter.serving.gateway import Gateway, Limits
from demeter.wsgi import application as django_application

application = Gateway(
    django_application, spool_root=Path(settings.FILE_UPLOAD_TEMP_DIR), limits=Limits.from_settings()
)
freeze_loaded()
