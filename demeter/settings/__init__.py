"""Settings of DemeterAI. What differs between machines comes from the environment (see .env.example).

With an empty environment everything runs on one machine without any server: SQLite, local files and
Celery's filesystem broker below DEMETER_DATA_HOME. Production sets DATABASE_URL, CELERY_BROKER_URL and S3_*.

One module a subject. No two modules define the same name, so their order does not matter.
"""

from demeter.settings.accounts import *
from demeter.settings.api import *
from demeter.settings.breakers import *
from demeter.settings.celery import *
from demeter.settings.classifier import *
from demeter.settings.core import *
from demeter.settings.database import *
from demeter.settings.environment import *
from demeter.settings.photos import *
from demeter.settings.security import *
from demeter.settings.serving import *
from demeter.settings.storage import *
