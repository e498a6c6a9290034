"""Circuit breakers (demeter.breakers), and who is told when one opens (demeter.alerts)."""

from demeter.settings.celery import CELERY_BROKER_URL
from demeter.settings.database import CACHE_URL
from demeter.settings.environment import env

# Where their state lies, for all processes: a Redis by its URL, or `database`; `memory` is each process for itself.
CIRCUIT_BREAKER_STATE = env.str("CIRCUIT_BREAKER_STATE", default="") or next(
    (url for url in (CELERY_BROKER_URL, CACHE_URL) if url.startswith(("redis://", "rediss://"))), "database"
)
# max_faults: in a row, that open it. open_s: seconds without a call, until one probe. probe_s: seconds after which
# another may probe, where the first one has died. probe: the task that probes where nobody else does.
CIRCUIT_BREAKERS = {
    "store": {
        "max_faults": env.int("STORE_BREAKER_MAX_FAULTS", default=5),
        "open_s": env.float("STORE_BREAKER_OPEN_S", default=60.0),
        "probe_s": 75.0,  # no call of a store takes longer
        "probe": "upload_probe",
    },
    "model": {
        "max_faults": env.int("MODEL_BREAKER_MAX_FAULTS", default=5),
        "open_s": env.float("MODEL_BREAKER_OPEN_S", default=300.0),
        "probe_s": 300.0,
        "probe": "detect_probe",
    },
}

# ── alerts ───────────────────────────────────────────────────────────────────────────────────────────
ALERT_QUEUE_WITHOUT_WORKER_S = env.float("ALERT_QUEUE_WITHOUT_WORKER_S", default=120.0)
ALERT_OLD_JOB_S = env.float("ALERT_OLD_JOB_S", default=600.0)
# Networks of our own that webhooks may lead to, such as 10.1.2.0/24; all others that are not public are refused.
ALERT_WEBHOOK_NETWORKS = env.list("ALERT_WEBHOOK_NETWORKS", default=[])
# Where people reach the pages, for links in messages.
PUBLIC_URL = env.str("PUBLIC_URL", default="http://localhost:8000").rstrip("/")

# ── mail ─────────────────────────────────────────────────────────────────────────────────────────────
# smtp+tls://user:password@host:587, or smtp+ssl://…:465, or smtp://host:25. Empty: no mail is sent.
EMAIL_URL = env.str("EMAIL_URL", default="")
_mail = env.email_url("EMAIL_URL", default="dummymail://") if EMAIL_URL else {}
EMAIL_BACKEND = _mail.get("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend")
EMAIL_HOST = _mail.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _mail.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = bool(_mail.get("EMAIL_USE_TLS"))
EMAIL_USE_SSL = bool(_mail.get("EMAIL_USE_SSL"))
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="DemeterAI <demeter@localhost>")
