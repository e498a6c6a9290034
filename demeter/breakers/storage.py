"""Where the state of a circuit breaker lies: what pybreaker asks for, and who may probe."""

from __future__ import annotations

import logging
import threading
import time
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from pybreaker import STATE_CLOSED, CircuitBreakerStorage

PAUSE_S: Final = 5.0  # a store of states that did not answer is asked again after this
Result = TypeVar("Result")

logger = logging.getLogger(__name__)

away_until: dict[str, float] = {}  # by place, for all threads of this process


@dataclass(frozen=True)
class Snapshot:
    """A breaker at one moment. faults: in a row. opened_at: of the last time that it opened."""

    state: str
    faults: int
    opened_at: datetime | None


class BreakerStorage(CircuitBreakerStorage):
    """pybreaker's storage of one breaker, with a lock for its probe. Made anew for each outcome: it caches nothing."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._successes = 0  # of the probe at hand: one closes the breaker

    @abstractmethod
    def snapshot(self) -> Snapshot:
        """State, faults and time at once."""

    @abstractmethod
    def take_probe(self, token: str, hold_s: float) -> bool:
        """Become the one who probes, for so long at most. False if somebody else is."""

    @abstractmethod
    def holds_probe(self, token: str) -> bool:
        """Whether this is still the one who probes."""

    @abstractmethod
    def end_probe(self, token: str) -> None:
        """Let another probe. Nothing happens if that was so already."""

    @property
    def counter(self) -> int:
        return self.snapshot().faults

    @property
    def success_counter(self) -> int:
        return self._successes

    def increment_success_counter(self) -> None:
        self._successes += 1

    def reset_success_counter(self) -> None:
        self._successes = 0


class _Memory:
    """The breakers of this process alone."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.snapshots: dict[str, Snapshot] = {}
        self.probes: dict[str, tuple[str, float]] = {}


_memory = _Memory()


def forget_memory() -> None:
    """Close the breakers that this process keeps for itself."""
    with _memory.lock:
        _memory.snapshots.clear()
        _memory.probes.clear()
    away_until.clear()


class MemoryStorage(BreakerStorage):
    """Each process for itself: where the shared place is away, and in tests."""

    def snapshot(self) -> Snapshot:
        with _memory.lock:
            return self._now()

    def _now(self) -> Snapshot:
        return _memory.snapshots.get(self.name, Snapshot(STATE_CLOSED, 0, None))

    @property
    def state(self) -> str:
        return self.snapshot().state

    @state.setter
    def state(self, state: str) -> None:
        with _memory.lock:
            now = self._now()
            _memory.snapshots[self.name] = Snapshot(state, now.faults, now.opened_at)

    @property
    def opened_at(self) -> datetime | None:
        return self.snapshot().opened_at

    @opened_at.setter
    def opened_at(self, when: datetime) -> None:
        with _memory.lock:
            now = self._now()
            _memory.snapshots[self.name] = Snapshot(now.state, now.faults, when)

    def increment_counter(self) -> None:
        with _memory.lock:
            now = self._now()
            _memory.snapshots[self.name] = Snapshot(now.state, now.faults + 1, now.opened_at)

    def reset_counter(self) -> None:
        with _memory.lock:
            now = self._now()
            _memory.snapshots[self.name] = Snapshot(now.state, 0, now.opened_at)

    def take_probe(self, token: str, hold_s: float) -> bool:
        with _memory.lock:
            _token, until = _memory.probes.get(self.name, ("", 0.0))
            if until > time.monotonic():
                return False
            _memory.probes[self.name] = (token, time.monotonic() + hold_s)
            return True

    def holds_probe(self, token: str) -> bool:
        with _memory.lock:
            held, until = _memory.probes.get(self.name, ("", 0.0))
            return held == token and until > time.monotonic()

    def end_probe(self, token: str) -> None:
        with _memory.lock:
            if _memory.probes.get(self.name, ("", 0.0))[0] == token:
                del _memory.probes[self.name]


class SharedStorage(BreakerStorage):
    """A storage that others share, and this process's memory while that place is away.

    So a Redis or a database that is gone opens nothing and stops nothing: each process counts for itself until it is
    back.
    """

    def __init__(self, shared: BreakerStorage, *, place: str, away: tuple[type[Exception], ...]) -> None:
        super().__init__(shared.name)
        self.shared = shared
        self._memory = MemoryStorage(shared.name)
        self._place = place
        self._away = away

    def _ask(self, question: Callable[[BreakerStorage], Result]) -> Result:
        if time.monotonic() >= away_until.get(self._place, 0.0):
            try:
                return question(self.shared)
            except self._away as error:
                away_until[self._place] = time.monotonic() + PAUSE_S
                # Its kind alone: the text holds the address.
                logger.warning(
                    "The circuit breakers in %s cannot be asked (%s); each process counts for itself",
                    self._place,
                    type(error).__name__,
                )
        return question(self._memory)

    def shared_snapshot(self) -> Snapshot | None:
        """What all processes share; None while that cannot be asked."""
        try:
            return self.shared.snapshot()
        except self._away as error:
            logger.warning(
                "The circuit breakers in %s cannot be asked: %s", self._place, type(error).__name__
            )
            return None

    def snapshot(self) -> Snapshot:
        return self._ask(lambda storage: storage.snapshot())

    @property
    def state(self) -> str:
        return self.snapshot().state

    @state.setter
    def state(self, state: str) -> None:
        self._ask(lambda storage: _set(storage, "state", state))

    @property
    def opened_at(self) -> datetime | None:
        return self.snapshot().opened_at

    @opened_at.setter
    def opened_at(self, when: datetime) -> None:
        self._ask(lambda storage: _set(storage, "opened_at", when))

    def increment_counter(self) -> None:
        self._ask(lambda storage: storage.increment_counter())

    def reset_counter(self) -> None:
        self._ask(lambda storage: storage.reset_counter())

    def take_probe(self, token: str, hold_s: float) -> bool:
        return self._ask(lambda storage: storage.take_probe(token, hold_s))

    def holds_probe(self, token: str) -> bool:
        return self._ask(lambda storage: storage.holds_probe(token))

    def end_probe(self, token: str) -> None:
        self._ask(lambda storage: storage.end_probe(token))


def _set(storage: BreakerStorage, name: str, value: Any) -> None:
    setattr(storage, name, value)
