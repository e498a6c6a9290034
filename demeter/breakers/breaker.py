"""A circuit breaker before a service: asked before each call, told how each ended."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import pybreaker
from django.conf import settings
from django.db import Error as DatabaseFault
from pybreaker import STATE_CLOSED, STATE_HALF_OPEN, STATE_OPEN
from redis.exceptions import RedisError

from demeter.breakers.redis_storage import RedisStorage
from demeter.breakers.row_storage import RowStorage
from demeter.breakers.storage import BreakerStorage, MemoryStorage, SharedStorage, Snapshot
from demeter.errors import TemporaryError

# While somebody probes, the others come back after this (s).
PROBED_AGAIN_S: Final = 5.0
DATABASE: Final = "database"
MEMORY: Final = "memory"

logger = logging.getLogger(__name__)


class ServiceBreaker:
    """The circuit breaker `name` of settings.CIRCUIT_BREAKERS, shared by all processes.

    faults: errors that say that the service is away; nothing else counts. proofs: errors that say that it lives, such
    as "there is no such file". refusal: makes what is raised while the breaker is open, of the seconds to wait.
    """

    def __init__(
        self,
        name: str,
        *,
        faults: tuple[type[TemporaryError], ...],
        refusal: Callable[[float], TemporaryError],
        proofs: tuple[type[Exception], ...] = (),
    ) -> None:
        self.name = name
        self._faults = faults
        self._proofs = proofs
        self._refusal = refusal

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Call the service within this block. Raises the refusal while the breaker is open.

        Nothing is locked meanwhile: calls run side by side. After `open_s` one call of all processes is let through
        to probe. If it dies, another may probe `probe_s` later. An error that is none of the service's leaves the
        breaker as it is.
        """
        token = self._admit()
        try:
            yield
        except self._proofs:
            self._record(token)
            raise
        except self._faults as error:
            self._record(token, error)
            raise
        except BaseException:
            if token is not None:
                storage_of(self.name).end_probe(token)
            raise
        else:
            self._record(token)

    @contextmanager
    def noting_faults(self) -> Iterator[None]:
        """Only note faults: the call was let through by another's `guard`, whose batch this one is part of."""
        try:
            yield
        except self._faults as error:
            self._record(None, error)
            raise

    def refuse_while_open(self) -> None:
        """Raise the refusal if a call made now would get it: before work that would be in vain without the service."""
        self._is_closed_or_refused(storage_of(self.name).snapshot())

    def _admit(self) -> str | None:
        """The token of the probe that this call is; None for one of many. Raises the refusal."""
        storage = storage_of(self.name)
        if self._is_closed_or_refused(storage.snapshot()):
            return None
        token = uuid4().hex
        if not storage.take_probe(token, _limits(self.name)["probe_s"]):
            raise self._refusal(PROBED_AGAIN_S)
        try:
            seen = storage.snapshot()
            if self._is_closed_or_refused(seen):  # the last probe ended in between
                storage.end_probe(token)
                return None
        except TemporaryError:
            storage.end_probe(token)
            raise
        if seen.state == STATE_OPEN:
            self._machine(storage).half_open()
            follow_row(self.name)
        return token

    def _is_closed_or_refused(self, seen: Snapshot) -> bool:
        """True: closed. False: due for a probe. Raises the refusal where it is neither."""
        if seen.state == STATE_CLOSED:
            return True
        if seen.state == STATE_OPEN and (left_s := seconds_left(self.name, seen)) > 0:
            raise self._refusal(left_s)
        return False

    def _record(self, token: str | None, error: TemporaryError | None = None) -> None:
        storage = storage_of(self.name)
        seen = storage.snapshot()
        if token is None and error is None and (seen.faults == 0 or seen.state != STATE_CLOSED):
            return  # nothing to forget, or a call from before: the probe decides
        decides = seen.state == STATE_CLOSED if token is None else storage.holds_probe(token)
        if decides:
            with suppress(pybreaker.CircuitBreakerError, *self._faults):
                self._machine(storage).call(_end_as, error)
        if token is not None:
            storage.end_probe(token)
        now = storage.snapshot()
        if error is not None:
            error.faults_in_row = now.faults if decides else max(now.faults, 1)
        if now.state != seen.state or now.opened_at != seen.opened_at:
            follow_row(self.name, error)

    def _machine(self, storage: BreakerStorage) -> pybreaker.CircuitBreaker:
        """Pybreaker's own, made anew: it would keep a state that other processes change."""
        limits = _limits(self.name)
        return pybreaker.CircuitBreaker(
            name=self.name,
            fail_max=limits["max_faults"],
            reset_timeout=limits["open_s"],
            state_storage=storage,
            listeners=[_Changes()],
            throw_new_error_on_trip=False,
        )


def _end_as(error: TemporaryError | None) -> None:
    """How a call has ended, told to pybreaker afterwards: its lock is held for this alone."""
    if error is not None:
        raise error


class _Changes(pybreaker.CircuitBreakerListener):
    """Logs a change of state."""

    def state_change(self, cb: Any, old_state: Any, new_state: Any) -> None:
        level = logging.INFO if new_state.name == STATE_HALF_OPEN else logging.WARNING
        logger.log(level, "The circuit breaker of the %s is %s.", cb.name, new_state.name)


def storage_of(name: str) -> BreakerStorage:
    """Where the state of a breaker lies, by settings.CIRCUIT_BREAKER_STATE."""
    place: str = settings.CIRCUIT_BREAKER_STATE
    if place == MEMORY:
        return MemoryStorage(name)
    if place == DATABASE:
        return SharedStorage(RowStorage(name), place=DATABASE, away=(DatabaseFault,))
    return SharedStorage(RedisStorage(name, place), place="Redis", away=(RedisError,))


def follow_row(name: str, fault: BaseException | None = None) -> None:
    """Have the row of a breaker say what all processes share; what cannot be asked or written is left to the next time.

    The row is what people, metrics and alerts look at. A sweep calls this too: a process may die before it does, and a
    Redis that has lost its memory has closed every breaker.
    """
    storage = storage_of(name)
    if not isinstance(storage, SharedStorage) or (seen := storage.shared_snapshot()) is None:
        return
    try:
        rows = RowStorage(name)
        if settings.CIRCUIT_BREAKER_STATE != DATABASE:
            rows.follow(seen)
        if fault is not None:
            rows.note_fault(fault)
    except DatabaseFault as error:
        logger.warning("The row of the circuit breaker %s cannot be written: %s", name, type(error).__name__)


def _limits(name: str) -> dict[str, Any]:
    limits: dict[str, Any] = settings.CIRCUIT_BREAKERS[name]
    return limits


def seconds_left(name: str, seen: Snapshot) -> float:
    """How long an open breaker lets nothing through; 0 where a probe is due."""
    if seen.opened_at is None:
        return 0.0
    open_s = float(_limits(name)["open_s"])
    return max(0.0, open_s - (datetime.now(UTC) - seen.opened_at).total_seconds())
