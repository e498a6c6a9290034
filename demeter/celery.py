"""The Celery application: what it is called and where its settings are."""

import os

from celery import Celery

from demeter import redis_transport

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demeter.settings")

redis_transport.register()

app = Celery("demeter")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
