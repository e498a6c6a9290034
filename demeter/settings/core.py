"""Django itself: applications, middleware, templates, languages, web, logging."""

import os

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from demeter.admin_theme import UNFOLD  # noqa: F401 - a setting
from demeter.secret_key import read_or_make_secret_key
from demeter.settings.environment import BASE_DIR, DATA_HOME, PRODUCTION, env

DEBUG = env.bool("DJANGO_DEBUG", default=False)
SECRET_KEY = env.str("DJANGO_SECRET_KEY", default="") or env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if PRODUCTION:
        raise ImproperlyConfigured("Set DJANGO_SECRET_KEY: production signs links and tokens with it.")
    SECRET_KEY = read_or_make_secret_key(DATA_HOME / "secret_key")
# "0.0.0.0" is a Host header that existing clients send, not an address that is listened on.
_LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"]  # noqa: S104
ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", default=[] if PRODUCTION else _LOCAL_HOSTS)
CSRF_TRUSTED_ORIGINS = env.list("DJANGO_CSRF_TRUSTED_ORIGINS", default=[])
# The page of the classifier alone, on a port of its own (`manage.py stack --classifier-ui`).
CLASSIFIER_UI_ONLY = env.bool("CLASSIFIER_UI_ONLY", default=False)
ROOT_URLCONF = "demeter.classifier_urls" if CLASSIFIER_UI_ONLY else "demeter.urls"
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
    "csp",  # for its checks
    "django_htmx",  # for its static files: htmx itself
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
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
    "demeter.security_headers.SecurityHeadersMiddleware",
    "demeter.compression.TextGZipMiddleware",
    "demeter.compression.JsonConditionalGetMiddleware",  # below it: compressed bytes are never the same twice
    "demeter.middleware.RequestIdMiddleware",
    "demeter.metrics.http.RequestMetricsMiddleware",
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
    "photos.middleware.WantedPicturesMiddleware",
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

# ── languages ────────────────────────────────────────────────────────────────────────────────────────
LANGUAGE_CODE = env.str("DJANGO_LANGUAGE_CODE", default="es")
LANGUAGES = [("es", _("Spanish")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "demeter" / "locale"]
FORMAT_MODULE_PATH = ["demeter.formats"]
TIME_ZONE = env.str("DJANGO_TIME_ZONE", default="America/Argentina/Mendoza")
USE_I18N = USE_TZ = True

# ── web ──────────────────────────────────────────────────────────────────────────────────────────────
SECURE_SSL_REDIRECT = env.bool("DJANGO_SSL_REDIRECT", default=PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
# How long browsers refuse to come without HTTPS again.
SECURE_HSTS_SECONDS = env.int("DJANGO_HSTS_SECONDS", default=31_536_000) if SECURE_SSL_REDIRECT else 0
if PRODUCTION or SECURE_SSL_REDIRECT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^healthz/?$", r"^readyz/?$", r"^metrics/?$", r"^version/?$"]
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "demeter.api_errors.csrf_failure"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]

# ── what monitoring reads ────────────────────────────────────────────────────────────────────────────
# Read with this bearer token; without one everybody may, but on a production system nobody.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
# What /version says of an image, which holds no repository.
COMMIT = env.str("DEMETER_COMMIT", default="")

# ── logging ──────────────────────────────────────────────────────────────────────────────────────────
LOG_FORMAT = env.str("LOG_FORMAT", default="line")  # line: for people; json: one object a line, for programs
if LOG_FORMAT not in ("line", "json"):
    raise ImproperlyConfigured("LOG_FORMAT must be line or json.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "demeter.middleware.RequestIdFilter"},
        "quiet_sweeps": {"()": "demeter.task_context.QuietSweeps"},
    },
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"},
        "json": {"()": "demeter.log_format.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["quiet_sweeps", "request_id"],
        }
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
