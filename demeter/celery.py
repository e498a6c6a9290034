"""The Celery application: what it is called and where its settings are."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demeter.settings")

app = Celery("demeter")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
