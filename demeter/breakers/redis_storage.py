"""Circuit breakers in Redis: `circuit_breaker:{name}:state` and the like."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import redis
from pybreaker import STATE_CLOSED
from redis.backoff import NoBackoff
from redis.retry import Retry

from demeter.breakers.storage import BreakerStorage, Snapshot

_TIMEOUT_S: Final = 1.0  # to connect, and for each answer: a call of a store waits for it
# Ends a probe only for who holds it: another may have taken over meanwhile.
_END_PROBE: Final = (
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
)


class RedisStorage(BreakerStorage):
    """The breaker that all hosts share. Raises redis.RedisError while Redis is away."""

    def __init__(self, name: str, url: str) -> None:
        super().__init__(name)
        self._redis = _client(url)

    def _key(self, word: str) -> str:
        return f"circuit_breaker:{self.name}:{word}"

    def snapshot(self) -> Snapshot:
        keys = [self._key(word) for word in ("state", "fail_counter", "opened_at")]
        state, faults, opened_at = self._redis.mget(keys)
        return Snapshot(
            state or STATE_CLOSED,
            int(faults or 0),
            datetime.fromisoformat(opened_at) if opened_at else None,
        )

    @property
    def state(self) -> str:
        return self.snapshot().state

    @state.setter
    def state(self, state: str) -> None:
        self._redis.set(self._key("state"), state)

    @property
    def opened_at(self) -> datetime | None:
        return self.snapshot().opened_at

    @opened_at.setter
    def opened_at(self, when: datetime) -> None:
        self._redis.set(self._key("opened_at"), when.isoformat())

    def increment_counter(self) -> None:
        self._redis.incr(self._key("fail_counter"))

    def reset_counter(self) -> None:
        self._redis.set(self._key("fail_counter"), 0)

    def take_probe(self, token: str, hold_s: float) -> bool:
        return bool(self._redis.set(self._key("probe"), token, nx=True, px=int(1000 * hold_s)))

    def holds_probe(self, token: str) -> bool:
        return bool(self._redis.get(self._key("probe")) == token)

    def end_probe(self, token: str) -> None:
        self._redis.eval(_END_PROBE, 1, self._key("probe"), token)


@lru_cache(maxsize=4)
def _client(url: str) -> Any:
    """One client for all threads of a process; it makes new connections in a child that was forked."""
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_connect_timeout=_TIMEOUT_S,
        socket_timeout=_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )
