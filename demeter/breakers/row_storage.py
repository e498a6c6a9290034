"""Circuit breakers in the database: what is asked where there is no Redis, and what people look at everywhere."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone
from pybreaker import STATE_CLOSED

from demeter.breakers.storage import BreakerStorage, Snapshot
from demeter.connections import release_connection
from demeter.models import CircuitBreaker


class RowStorage(BreakerStorage):
    """The row of a breaker. Raises django.db.Error while the database is away.

    Each method gives its connection back: fifty threads that ask a store must not hold fifty.
    """

    def snapshot(self) -> Snapshot:
        try:
            row = CircuitBreaker.objects.filter(name=self.name).values_list("state", "faults", "opened_at")
            return Snapshot(*(row.first() or (STATE_CLOSED, 0, None)))
        finally:
            release_connection()

    @property
    def state(self) -> str:
        return self.snapshot().state

    @state.setter
    def state(self, state: str) -> None:
        """Write a state. The time of the change moves only between closed and not closed: a probe changes nothing."""
        is_change = Q(state=STATE_CLOSED) if state != STATE_CLOSED else ~Q(state=STATE_CLOSED)
        self._update(is_change, changed_at=timezone.now(), state=state)
        if state != STATE_CLOSED:
            self._update(~Q(state=state), state=state)

    @property
    def opened_at(self) -> datetime | None:
        return self.snapshot().opened_at

    @opened_at.setter
    def opened_at(self, when: datetime) -> None:
        self._update(opened_at=when)

    def increment_counter(self) -> None:
        self._update(faults=F("faults") + 1)

    def reset_counter(self) -> None:
        self._update(~Q(faults=0), faults=0)

    def take_probe(self, token: str, hold_s: float) -> bool:
        now = timezone.now()
        is_free = Q(probe_until=None) | Q(probe_until__lte=now)
        return self._update(is_free, probe_token=token, probe_until=now + timedelta(seconds=hold_s))

    def holds_probe(self, token: str) -> bool:
        try:
            held = CircuitBreaker.objects.filter(
                name=self.name, probe_token=token, probe_until__gt=timezone.now()
            )
            return held.exists()
        finally:
            release_connection()

    def end_probe(self, token: str) -> None:
        self._update(Q(probe_token=token), probe_token="", probe_until=None)

    def follow(self, seen: Snapshot) -> None:
        """Make the row say what the shared place says."""
        if self.snapshot() != seen:
            self.state = seen.state
            self._update(faults=seen.faults, opened_at=seen.opened_at)

    def note_fault(self, error: BaseException) -> None:
        """Keep what kind of fault opened the breaker, for people: its kind alone, for texts hold addresses."""
        self._update(last_fault=type(error.__cause__ or error).__name__[:100])

    def _update(self, *conditions: Q, **fields: Any) -> bool:
        """Whether a row was changed. A row that is missing is made first."""
        try:
            CircuitBreaker.objects.get_or_create(name=self.name)
            return bool(CircuitBreaker.objects.filter(*conditions, name=self.name).update(**fields))
        finally:
            release_connection()
