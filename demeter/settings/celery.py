"""Celery, and the steps of the pipeline."""

from datetime import timedelta

from django.core.exceptions import ImproperlyConfigured
from kombu import Exchange, Queue

from demeter.settings.environment import DATA_HOME, env, redis_url

# Tasks are idempotent, so messages are acknowledged after the work; rows, not messages, are the truth.
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=redis_url(0) or "filesystem://localhost//")
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
# Declared, so that a name with a typo is refused and not waited at: gpu_queue has one process a GPU, cpu_queue prefork,
# io_queue threads or greenlets, default one process (demeter.stack). Exchange and routing key are called as the queue.
CELERY_TASK_QUEUES = [
    Queue(name, Exchange(name, type="direct"), routing_key=name)
    for name in ("gpu_queue", "cpu_queue", "io_queue", "default")
]
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TASK_DEFAULT_QUEUE = CELERY_TASK_DEFAULT_EXCHANGE = CELERY_TASK_DEFAULT_ROUTING_KEY = "default"
CELERY_TASK_ROUTES = {
    "process_photo_ml": {"queue": "gpu_queue"},
    "process_image": {"queue": "gpu_queue"},
    "detect_*": {"queue": "gpu_queue"},
    "classify_pictures": {"queue": "gpu_queue"},
    "aggregate_results": {"queue": "cpu_queue"},
    "draw_photo": {"queue": "cpu_queue"},
    "upload_*": {"queue": "io_queue"},
    "send_alert": {"queue": "io_queue"},
    "sweep_*": {"queue": "default"},
}
# How many tasks of these queues one machine works on at once. 0: one a core; fifty, and six on SQLite.
CPU_WORKER_CONCURRENCY = env.int("CPU_WORKER_CONCURRENCY", default=0)
IO_WORKER_CONCURRENCY = env.int("IO_WORKER_CONCURRENCY", default=0)
IO_WORKER_POOL = env.str("IO_WORKER_POOL", default="threads")  # threads | gevent
if IO_WORKER_POOL not in ("threads", "gevent"):
    raise ImproperlyConfigured("IO_WORKER_POOL must be threads or gevent.")
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
    "send lost predictions again": {"task": "sweep_predictions", "schedule": 5.0},
    "clear old predictions": {"task": "sweep_old_predictions", "schedule": 300.0},
    "watch and tell": {"task": "sweep_alerts", "schedule": 10.0},
    "clear what has expired": {"task": "sweep_expired", "schedule": 3600.0},
    "clear old pictures": {"task": "upload_clear_old", "schedule": 3600.0},
}

# ── steps of the pipeline (photos.services.steps.claims) ────────────────────────────────────────────────────
# A step whose worker has not renewed its lease for this long may be claimed again.
STEP_LEASE_S = env.int("STEP_LEASE_S", default=60)
STEP_RENEW_S = STEP_LEASE_S / 6
STEP_RESEND_S = 600  # a pending step is sent again after this, or when its queue is empty
# A process whose heartbeat is older than this is ended and started again. It may be late: on SQLite, two writes that
# wait in vain for the lock take a minute.
WORKER_FROZEN_AFTER_S = env.float("WORKER_FROZEN_AFTER_S", default=90.0)
STEP_MAX_LOSSES = 5  # a step that this many workers died or hung with is failed, with the reason
