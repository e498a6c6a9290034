"""The database, and the cache server."""

from django.core.exceptions import ImproperlyConfigured

from demeter.settings.environment import DATA_HOME, env, postgres_url, redis_url

# ATOMIC_REQUESTS stays off: one slow phone would hold SQLite's write lock while its body is read.
_SQLITE = f"sqlite:///{DATA_HOME / 'demeter.sqlite3'}"
DATABASES = {"default": env.db_url("DATABASE_URL", default=postgres_url() or _SQLITE)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["ENGINE"] = "demeter.sqlite"
    # Kept open between requests: to open one costs 1 ms, and the last one that closes waits 14 ms for the disk.
    DATABASES["default"]["CONN_MAX_AGE"] = None
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # a writer waits for its turn instead of failing half-way
        "timeout": 20,  # seconds that a writer waits
        # With NORMAL a power cut takes back what was answered already: movements of stock, photos that were accepted.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
elif DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    DATABASES["default"]["ENGINE"] = "demeter.postgresql"
    # A connection is tried before it is used, so that a restarted database is taken up again by itself.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 3,  # seconds
        # A host that is gone without a word is noticed after 25 s.
        "keepalives_idle": 10,  # seconds
        "keepalives_interval": 5,  # seconds
        "keepalives_count": 3,
        "tcp_user_timeout": 25_000,  # ms
    }
    # 50 io threads share these connections instead of holding one each. Reconnecting is given up after 5 s and begun
    # anew by whoever needs a connection next: by itself the pool would wait twice as long each time.
    _pool = {"max_size": env.int("DATABASE_POOL_SIZE", default=10), "timeout": 20, "reconnect_timeout": 5}
    if _pool["max_size"]:
        DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, **_pool}
    else:  # each thread holds one, and knows at once when the database is away
        DATABASES["default"]["CONN_MAX_AGE"] = None
# How long one answer of PostgreSQL is waited for, in seconds; 0: for ever, as commands and workers do. The stack sets
# it for the web server, where a person waits.
DATABASE_ANSWER_TIMEOUT_S = env.float("DATABASE_ANSWER_TIMEOUT_S", default=0.0)

# Counts of throttles, nothing else: without a cache server each process keeps its own in memory (demeter.throttling).
# Left empty it means so, also beside a Redis that serves as broker.
CACHE_URL = env.str("CACHE_URL", default="" if "CACHE_URL" in env else redis_url(1))
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if CACHE_URL:
    if not CACHE_URL.startswith(("redis://", "rediss://")):
        raise ImproperlyConfigured("CACHE_URL must be redis://… or rediss://…, or empty.")
    CACHES["default"] = {"BACKEND": "demeter.caches.RedisOrMemoryCache", "LOCATION": CACHE_URL}
