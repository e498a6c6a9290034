"""The REST API."""

from demeter.api_title import SPECTACULAR_SETTINGS  # noqa: F401 - a setting
from demeter.settings.environment import env

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "demeter.accounts.authentication.BearerAuthentication",
        "demeter.accounts.authentication.PageSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["demeter.accounts.permissions.IsApprovedUser"],
    "DEFAULT_PAGINATION_CLASS": "demeter.pagination.PageNumberPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PARSER_CLASSES": [
        "demeter.api_errors.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "demeter.api_schema.AutoSchema",
    "EXCEPTION_HANDLER": "demeter.api_errors.error_response",
    # How many trusted proxies stand in front and each add an address to X-Forwarded-For; 0 ignores the header.
    "NUM_PROXIES": env.int("TRUSTED_PROXIES", default=0),
    # Bounds for a client gone wild, far above a walk through the nursery (50 uploads at once, a poll every 2 s).
    "DEFAULT_THROTTLE_RATES": {
        "upload": env.str("THROTTLE_UPLOAD", default="600/min"),  # requests of one user
        "chunk": env.str("THROTTLE_CHUNK", default="12000/min"),  # chunks of files, of one user
        "prediction": env.str(
            "THROTTLE_PREDICTION", default="6000/min"
        ),  # pictures to be classified, of one user
        "label": env.str("THROTTLE_LABEL", default="600/min"),  # pictures of labels, of one user
        "registration": env.str("THROTTLE_REGISTRATION", default="300/hour"),  # new accounts from one address
    },
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
