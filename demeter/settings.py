"""Settings of DemeterAI. What differs between machines comes from the environment (see .env.example).

With an empty environment everything runs on one machine without any server: SQLite, local files and
Celery's filesystem broker below DEMETER_DATA_HOME. Production sets DATABASE_URL, CELERY_BROKER_URL and S3_*.
"""

import os
from datetime import timedelta
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from demeter.admin_theme import UNFOLD  # noqa: F401 - a setting
from demeter.api_title import SPECTACULAR_SETTINGS  # noqa: F401 - a setting
from demeter.secret_key import read_or_make_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

# ── the profile ──────────────────────────────────────────────────────────────────────────────────────
# Whether it is right for what else is set is checked by demeter.checks.
PRODUCTION = env.bool("DEMETER_PRODUCTION", default=False)
DATA_HOME = Path(env.str("DEMETER_DATA_HOME", default=str(BASE_DIR / "data"))).resolve()
DATA_HOME.mkdir(parents=True, exist_ok=True)

# The demo nursery and its public accounts, loaded by `manage.py prepare`: to try an installation, never to run one.
LOAD_DEMO = env.bool("DEMETER_LOAD_DEMO", default=False)

# ── core ─────────────────────────────────────────────────────────────────────────────────────────────
DEBUG = env.bool("DJANGO_DEBUG", default=False)
SECRET_KEY = env.str("DJANGO_SECRET_KEY", default="")
if not SECRET_KEY:
    if PRODUCTION:
        raise ImproperlyConfigured("Set DJANGO_SECRET_KEY: production signs links and tokens with it.")
    SECRET_KEY = read_or_make_secret_key(DATA_HOME / "secret_key")
# "0.0.0.0" is a Host header that existing clients send, not an address that is listened on.
_LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"]  # noqa: S104
ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", default=[] if PRODUCTION else _LOCAL_HOSTS)
CSRF_TRUSTED_ORIGINS = env.list("DJANGO_CSRF_TRUSTED_ORIGINS", default=[])
ROOT_URLCONF = "demeter.urls"
WSGI_APPLICATION = "demeter.wsgi.application"
ASGI_APPLICATION = "demeter.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_celery_results",
    "django_filters",
    "drf_spectacular",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "axes",
    "demeter",
    "demeter.accounts",
    "inventory",
    "photos",
    "mlpipeline",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "demeter.middleware.RequestIdMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "demeter.middleware.RequestFormMiddleware",
    "demeter.serving.middleware.GatewayMiddleware",  # below the language, above all that reads a body
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "demeter.accounts.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# ── database ─────────────────────────────────────────────────────────────────────────────────────────
# ATOMIC_REQUESTS stays off: one slow phone would hold SQLite's write lock while its body is read.
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_HOME / 'demeter.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Kept open between requests: to open one costs 1 ms, and the last one that closes waits 14 ms for the disk.
    DATABASES["default"]["CONN_MAX_AGE"] = None
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # a writer waits for its turn instead of failing half-way
        "timeout": 20,  # seconds
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
elif DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # A connection is tried before it is used, so that a restarted database is taken up again by itself.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {"connect_timeout": 3}  # seconds
    # 50 io threads share these connections instead of holding one each. Reconnecting is given up after 5 s and begun
    # anew by whoever needs a connection next: by itself the pool would wait twice as long each time.
    _pool = {"max_size": env.int("DATABASE_POOL_SIZE", default=10), "timeout": 20, "reconnect_timeout": 5}
    if _pool["max_size"]:
        DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, **_pool}
    else:  # each thread holds one, and knows at once when the database is away
        DATABASES["default"]["CONN_MAX_AGE"] = None

# ── sign-in, roles, passwords ────────────────────────────────────────────────────────────────────────
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "demeter.accounts.backends.RoleBackend"]
LOGIN_URL = reverse_lazy("sign-in")
LOGIN_REDIRECT_URL = reverse_lazy("home")
LOGOUT_REDIRECT_URL = reverse_lazy("sign-in")
PASSWORD_MIN_LENGTH = env.int("PASSWORD_MIN_LENGTH", default=8)
REGISTRATION_OPEN = env.bool("REGISTRATION_OPEN", default=True)
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": PASSWORD_MIN_LENGTH},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "demeter.accounts.password_rules.PersonalDataValidator"},
]
# Failures of one account from one address, never successes, before that pair has to wait (demeter.accounts.lockout).
AXES_FAILURE_LIMIT = LOGIN_FAILURES_PER_HOUR = env.int("LOGIN_FAILURES_PER_HOUR", default=10)
AXES_HANDLER = "demeter.accounts.lockout.GrowingLockHandler"
AXES_COOLOFF_TIME = timedelta(hours=1)  # a count ends this long after its last failure
AXES_USERNAME_FORM_FIELD = "username"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address", "user_agent"]]  # the agent: a known browser, or empty
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True  # one row for each sign-in, for ever
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
# axes' middleware answers for views that ignore a lock; our service refuses.
SILENCED_SYSTEM_CHECKS = ["axes.W002"]
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=env.int("ACCESS_TOKEN_MINUTES", default=60)),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "CHECK_REVOKE_TOKEN": True,  # a token carries a print of the password and ends with it
}

# ── languages ────────────────────────────────────────────────────────────────────────────────────────
LANGUAGE_CODE = env.str("DJANGO_LANGUAGE_CODE", default="es")
LANGUAGES = [("es", _("Spanish")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "demeter" / "locale"]
TIME_ZONE = env.str("DJANGO_TIME_ZONE", default="America/Argentina/Mendoza")
USE_I18N = USE_TZ = True

# ── web ──────────────────────────────────────────────────────────────────────────────────────────────
SECURE_SSL_REDIRECT = env.bool("DJANGO_SSL_REDIRECT", default=PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_SSL_REDIRECT else 0
if PRODUCTION or SECURE_SSL_REDIRECT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "demeter.api.csrf_failure"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Django's own limit counts fields and small bodies; files are streamed to disk and bounded by the upload service.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024**2
DATA_UPLOAD_MAX_NUMBER_FILES = 101  # one more than allowed, so that the service can say it itself
FILE_UPLOAD_HANDLERS = ["photos.receiving.HashingUploadHandler"]
FILE_UPLOAD_TEMP_DIR = str(DATA_HOME / "tmp")
(DATA_HOME / "tmp").mkdir(exist_ok=True)

# ── serving (demeter.serving; docs/production.md, "How a request travels") ───────────────────────────
WEB_PROCESSES = env.int("WEB_PROCESSES", default=4)
WEB_THREADS = env.int("WEB_THREADS", default=8)  # a process; each runs one view at a time
# A process: beyond, new connections wait in the kernel, and new requests are answered 503.
WEB_CONNECTIONS = env.int("WEB_CONNECTIONS", default=2000)
WEB_WAITING_REQUESTS = env.int("WEB_WAITING_REQUESTS", default=500)
HEADER_TIMEOUT_S = env.float("HEADER_TIMEOUT_S", default=10.0)  # at most 60; of an idle connection too
FORM_BODY_TIMEOUT_S = env.float("FORM_BODY_TIMEOUT_S", default=20.0)  # all bodies but uploads, as a whole
UPLOAD_BODY_TIMEOUT_S = env.float("UPLOAD_BODY_TIMEOUT_S", default=3600.0)
# An upload is given up if it brings less than UPLOAD_STALL_BYTES in UPLOAD_STALL_S seconds.
UPLOAD_STALL_S = env.float("UPLOAD_STALL_S", default=30.0)
UPLOAD_STALL_BYTES = env.int("UPLOAD_STALL_BYTES", default=15_000)
ANSWER_STALL_S = env.float("ANSWER_STALL_S", default=60.0)  # a client that takes no byte of its answer
# What all uploads under way may have on the disk of one host together.
UPLOAD_SPOOL_BYTES = env.int("UPLOAD_SPOOL_BYTES", default=10 * 1024**3)

# ── API ──────────────────────────────────────────────────────────────────────────────────────────────
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "demeter.accounts.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["demeter.accounts.permissions.IsOpenedUser"],
    "DEFAULT_PAGINATION_CLASS": "demeter.api.PageNumberPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PARSER_CLASSES": [
        "demeter.api.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "demeter.api.error_response",
    # How many trusted proxies stand in front and each add an address to X-Forwarded-For; 0 believes no such header.
    "NUM_PROXIES": env.int("TRUSTED_PROXIES", default=0),
    # Bounds for a client gone wild, far above a walk through the nursery (50 uploads at once, a poll every 2 s).
    "DEFAULT_THROTTLE_RATES": {
        "upload": env.str("THROTTLE_UPLOAD", default="600/min"),  # requests of one user
        "registration": env.str("THROTTLE_REGISTRATION", default="300/hour"),  # new accounts from one address
    },
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

# ── storage ──────────────────────────────────────────────────────────────────────────────────────────
SIGNED_LINK_S = 3600  # seconds that a link to a picture is good
S3_ENDPOINT_URL = env.str("S3_ENDPOINT_URL", default="")
# Where browsers reach the store, if that is another address; links are signed for it.
S3_PUBLIC_ENDPOINT_URL = env.str("S3_PUBLIC_ENDPOINT_URL", default="")
S3_BUCKET = env.str("S3_BUCKET", default="")
S3_BUCKET_PROCESSED = env.str("S3_BUCKET_PROCESSED", default="processed")
S3_BUCKET_STAGING = env.str("S3_BUCKET_STAGING", default="")  # empty: a folder that web and io workers share
STORE_TRANSFER_S = 30  # reading or sending one object takes no longer: else the store counts as away
STORE_TIMEOUT_S = 30  # and each single answer is waited for so long
STAGING_TIMEOUT_S = 10  # by which, in staging, somebody waits for the end of an upload
S3_SSE = env.str("S3_SSE", default="")  # AES256 where the store can; some answer 501 to it


def _s3(bucket: str, timeout_s: float) -> dict[str, object]:
    options: dict[str, object] = {
        "bucket_name": bucket,
        "endpoint_url": S3_ENDPOINT_URL or None,
        "public_endpoint_url": S3_PUBLIC_ENDPOINT_URL,
        "region_name": env.str("AWS_S3_REGION_NAME", default="us-east-1"),
        "addressing_style": env.str("S3_ADDRESSING_STYLE", default="path"),
        "signature_version": "s3v4",
        "querystring_auth": True,
        "querystring_expire": SIGNED_LINK_S,
        "timeout_s": timeout_s,
        "default_acl": None,
        "file_overwrite": True,  # keys hold the image's UUID; a retry writes the same bytes to the same key
    }
    if S3_SSE:
        options["object_parameters"] = {"ServerSideEncryption": S3_SSE}
    return {"BACKEND": "photos.s3_storage.PictureS3Storage", "OPTIONS": options}


def _folder(name: str) -> dict[str, object]:
    folder = DATA_HOME / "media" / name
    return {
        "BACKEND": "photos.local_storage.SignedFileSystemStorage",
        "OPTIONS": {"location": str(folder), "alias": name},
    }


STORAGES = {
    "default": _s3(S3_BUCKET, STORE_TIMEOUT_S) if S3_BUCKET else _folder("default"),
    "processed": _s3(S3_BUCKET_PROCESSED, STORE_TIMEOUT_S) if S3_BUCKET else _folder("processed"),
    "staging": _s3(S3_BUCKET_STAGING, STAGING_TIMEOUT_S) if S3_BUCKET_STAGING else _folder("staging"),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
PHOTO_CACHE_DIR = DATA_HOME / "cache" / "originals"
PHOTO_CACHE_BYTES = env.int("PHOTO_CACHE_BYTES", default=2 * 1024**3)

# ── caches ───────────────────────────────────────────────────────────────────────────────────────────
# Counts of throttles, nothing else: without a cache server each process keeps its own in memory (demeter.throttling).
CACHE_URL = env.str("CACHE_URL", default="")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if CACHE_URL:
    if not CACHE_URL.startswith(("redis://", "rediss://")):
        raise ImproperlyConfigured("CACHE_URL must be redis://… or rediss://…, or empty.")
    CACHES["default"] = {"BACKEND": "demeter.caches.RedisOrMemoryCache", "LOCATION": CACHE_URL}

# ── Celery ───────────────────────────────────────────────────────────────────────────────────────────
# Tasks are idempotent, so messages are acknowledged after the work; rows, not messages, are the truth.
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="filesystem://localhost//")
if CELERY_BROKER_URL.startswith("filesystem"):
    _broker = DATA_HOME / "broker"
    for _name in ("queue", "control", "processed"):
        (_broker / _name).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker / "queue"),
        "data_folder_out": str(_broker / "queue"),
        "control_folder": str(_broker / "control"),
        "store_processed": False,
        "polling_interval": 0.25,  # seconds; a photo passes five queues, and waited a second before each
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        # Longer than the longest step: a message that is still worked on must not be delivered again.
        "visibility_timeout": 3600,
        # Seconds. By itself a client waits for ever for a broker that is frozen or cut off.
        "socket_connect_timeout": 2,
        "socket_timeout": 3,
    }
CELERY_RESULT_BACKEND = "django-db"
CELERY_RESULT_EXPIRES = timedelta(hours=48)
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "process_photo_ml": {"queue": "gpu_queue"},
    "process_image": {"queue": "gpu_queue"},
    "detect_*": {"queue": "gpu_queue"},
    "aggregate_results": {"queue": "cpu_queue"},
    "draw_photo": {"queue": "cpu_queue"},
    "upload_*": {"queue": "io_queue"},
    "sweep_*": {"queue": "default"},
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1  # a photo takes seconds: do not hoard them
# A prefork child that holds more (KiB) after its task is replaced; one of 48 megapixels may leave it there.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 1024**2
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Seconds. Only prefork can keep these; the other pools are ended by their rows.
CELERY_TASK_SOFT_TIME_LIMIT = 840
CELERY_TASK_TIME_LIMIT = 900
CELERY_BEAT_SCHEDULER = "demeter.beat:HeartbeatScheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_HOME / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "send lost steps again": {"task": "sweep_steps", "schedule": env.float("SWEEP_EVERY_S", default=10.0)},
    "clear what has expired": {"task": "sweep_expired", "schedule": 3600.0},
}

# ── steps of the pipeline (photos.services.steps) ────────────────────────────────────────────────────
# A step whose worker has been silent this long is free again.
STEP_LEASE_S = env.int("STEP_LEASE_S", default=60)
STEP_RENEW_S = STEP_LEASE_S / 6
STEP_RESEND_S = 600  # a pending step is sent again after this, or when its queue is empty
# A process whose sign of life stands still this long is ended and started again. Its writes may be late: on SQLite two
# that wait in vain for the lock are a minute.
WORKER_FROZEN_AFTER_S = env.float("WORKER_FROZEN_AFTER_S", default=90.0)
STEP_MAX_LOSSES = 5  # a step that this many workers died or hung with is failed, with the reason

# ── photos ───────────────────────────────────────────────────────────────────────────────────────────
UPLOAD_MAX_FILE_BYTES = 20 * 1024**2
UPLOAD_MAX_REQUEST_BYTES = 500 * 1024**2
UPLOAD_MAX_FILES = 100
UPLOAD_MAX_PIXELS = 60_000_000
IDEMPOTENCY_KEY_H = 24
JOBS_VISIBLE_H = 48
# A named place nearer to the photo's position than this never contradicts it.
GPS_MISMATCH_MIN_M = env.float("GPS_MISMATCH_MIN_M", default=20.0)
# Where a phone does not say its own error.
GPS_DEFAULT_ERROR_M = env.float("GPS_DEFAULT_ERROR_M", default=5.0)

# ── counting ─────────────────────────────────────────────────────────────────────────────────────────
COUNT_ENGINE = env.str("COUNT_ENGINE", default="auto")  # auto | openvino | torch | sahi
COUNT_BATCH_TILES = env.int("COUNT_BATCH_TILES", default=0)  # a network is handed; 0: as suits where it runs
MODEL_CACHE_DIR = DATA_HOME / "cache" / "models"  # networks exported for OpenVINO; made where missing
GPU_WORKERS = env.int("GPU_WORKERS", default=1)  # model workers that the stack starts; one a GPU
# How many detection steps a model worker works on at once, in common batches. 0: as suits where the model runs.
DETECT_STEPS_AT_ONCE = env.int("DETECT_STEPS_AT_ONCE", default=0)
# Rules in which nurseries differ (docs/rules.md).
COUNT_LARGEST_SEGMENT_ONLY = env.bool("COUNT_LARGEST_SEGMENT_ONLY", default=False)
COUNT_WHOLE_CONTAINERS_ONLY = env.bool("COUNT_WHOLE_CONTAINERS_ONLY", default=False)
COUNT_BORDER_SHARE = env.float("COUNT_BORDER_SHARE", default=0.25)  # of a plant, 0–1
# Factors of what the last count of a place lets expect beyond which a new count is unlikely.
COUNT_UNLIKE_BELOW = env.float("COUNT_UNLIKE_BELOW", default=0.6)
COUNT_UNLIKE_ABOVE = env.float("COUNT_UNLIKE_ABOVE", default=1.5)

# ── logging ──────────────────────────────────────────────────────────────────────────────────────────
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "demeter.middleware.RequestIdFilter"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "axes": {"level": "WARNING"}
    },  # three lines for each failed sign-in, before the one that counts
}

# Ultralytics must neither install packages nor look for the network; it reads these when it is imported.
os.environ.setdefault("YOLO_AUTOINSTALL", "false")
os.environ.setdefault("YOLO_OFFLINE", "true")
os.environ.setdefault("YOLO_CONFIG_DIR", str(DATA_HOME / "ultralytics"))
