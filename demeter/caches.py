"""The cache of several hosts: Redis, which nothing here may depend on.

What is kept in it are counts of throttles. Rows are the truth of everything else, so without Redis the work goes on.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

TIMEOUT_S: Final = 1.0  # to connect, and for each answer
_KEY_PREFIX: Final = "json"  # what an earlier version left under other names is pickled
PAUSE_S: Final = 5.0  # a Redis that did not answer is asked again after this

logger = logging.getLogger(__name__)

_away_until: dict[str, float] = {}  # by server, for all threads of this process


class JsonSerializer:
    """Values as JSON. Django's own serializer unpickles what it reads: who can write to Redis could run code here."""

    def dumps(self, value: Any) -> bytes:
        """JSON of a value; of a whole number what Redis itself counts up. Raises TypeError for other objects."""
        return json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


def _asked_of_redis(name: str) -> Callable[..., Any]:
    """A cache's method that asks Redis, and the memory of this process where Redis does not answer."""
    of_redis, of_memory = getattr(RedisCache, name), getattr(LocMemCache, name)

    def method(self: "RedisOrMemoryCache", *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= _away_until.get(self.server, 0.0):
            try:
                return of_redis(self, *args, **kwargs)
            except RedisError as error:
                _away_until[self.server] = time.monotonic() + PAUSE_S
                # Its kind alone: the text holds the address.
                logger.warning(
                    "The cache does not answer (%s); each process counts for itself", type(error).__name__
                )
        return of_memory(self.memory, *args, **kwargs)

    return method


class RedisOrMemoryCache(RedisCache):
    """Django's Redis cache with short waits. While Redis is away, each process keeps its own values in memory.

    So throttles go on counting, by process. Nothing is carried from one to the other: a count may begin anew.
    """

    def __init__(self, server: str, params: Mapping[str, Any]) -> None:
        options = {
            "serializer": JsonSerializer(),
            "socket_connect_timeout": TIMEOUT_S,
            "socket_timeout": TIMEOUT_S,
            "retry": Retry(NoBackoff(), 0),
            **params.get("OPTIONS", {}),
        }
        super().__init__(server, {"KEY_PREFIX": _KEY_PREFIX, **params, "OPTIONS": options})
        self.server = server
        self.memory = LocMemCache(server, dict(params))

    add = _asked_of_redis("add")
    get = _asked_of_redis("get")
    set = _asked_of_redis("set")
    touch = _asked_of_redis("touch")
    delete = _asked_of_redis("delete")
    get_many = _asked_of_redis("get_many")
    has_key = _asked_of_redis("has_key")
    incr = _asked_of_redis("incr")
    set_many = _asked_of_redis("set_many")
    delete_many = _asked_of_redis("delete_many")
    clear = _asked_of_redis("clear")
