"""Answers that another process makes: the request waits for them without holding a thread.

A view that waits for a row is called twice by the gateway: first with the whole request, to write the row and say what
it waits for, then without a body, when the row is ready or the time is up. Where no gateway calls it (tests, other
servers), the thread of the view waits itself.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import DatabaseError, close_old_connections
from django.http import HttpRequest

from demeter.serving import errors

if TYPE_CHECKING:  # rest_framework's settings import modules that import this one
    from rest_framework.request import Request

META_KEY: Final = "demeter.waiting"  # no header can be named like this
POLL_S: Final = 0.1  # between two looks at the rows that requests wait for; one query for all of a process

FindReady = Callable[[Sequence[Any]], Collection[Any]]

logger = logging.getLogger(__name__)


@dataclass
class Waiting:
    """What one request waits for, handed along in `request.META`."""

    key: Any = None
    find_ready: FindReady | None = None
    within_s: float = 0.0
    is_over: bool = False

    @property
    def is_needed(self) -> bool:
        return self.find_ready is not None and not self.is_over


def wait_for(request: HttpRequest | Request, key: Any, *, find_ready: FindReady, within_s: float) -> bool:
    """Have this request wait until `find_ready` returns its key, or the time is up.

    True if that is so now. False if the gateway waits: whatever the view returns is dropped, and it is called again.
    `find_ready` is asked for the keys of many requests at once and returns those that are ready.
    """
    waiting: Waiting | None = request.META.get(META_KEY)
    if waiting is not None:
        waiting.key, waiting.find_ready, waiting.within_s = key, find_ready, within_s
        return False
    until = time.monotonic() + within_s
    while time.monotonic() < until and key not in find_ready([key]):
        time.sleep(POLL_S)
    return True


def awaited_key(request: HttpRequest | Request) -> Any:
    """The key that this request has waited for; None when it is called for the first time."""
    waiting: Waiting | None = request.META.get(META_KEY)
    return waiting.key if waiting is not None and waiting.is_over else None


class WaitingRoom:
    """The requests of one web process that wait for rows. One thread asks for all of them together."""

    def __init__(self, thread: Executor, *, seats: int) -> None:
        self._thread = thread
        self._free_seats = seats
        self._waiting: dict[asyncio.Future[None], Waiting] = {}
        self._poller: asyncio.Task[None] | None = None

    @contextmanager
    def seat(self) -> Iterator[None]:
        """Take one of the seats for the block. Raises ServerBusy if none is free."""
        if self._free_seats <= 0:
            raise errors.busy()
        self._free_seats -= 1
        try:
            yield
        finally:
            self._free_seats += 1

    async def wait(self, waiting: Waiting) -> None:
        """Return when what is waited for is ready, or its time is up."""
        ready = asyncio.get_running_loop().create_future()
        self._waiting[ready] = waiting
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll())
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(waiting.within_s):
                    await ready
        finally:
            del self._waiting[ready]
            waiting.is_over = True

    async def _poll(self) -> None:
        while self._waiting:
            await asyncio.sleep(POLL_S)
            asked = dict(self._waiting)
            by_source: dict[FindReady, list[Any]] = {}
            for waiting in asked.values():
                if waiting.find_ready is not None:
                    by_source.setdefault(waiting.find_ready, []).append(waiting.key)
            found = await asyncio.get_running_loop().run_in_executor(self._thread, _find_all, by_source)
            for ready, waiting in asked.items():
                if not ready.done() and (waiting.find_ready, waiting.key) in found:
                    ready.set_result(None)


def _find_all(by_source: dict[FindReady, list[Any]]) -> set[tuple[FindReady | None, Any]]:
    """All keys that are ready. A database that is away is asked again at the next look."""
    found: set[tuple[FindReady | None, Any]] = set()
    close_old_connections()
    for find_ready, keys in by_source.items():
        try:
            found |= {(find_ready, key) for key in find_ready(keys)}
        except DatabaseError as error:
            logger.warning("Rows that requests wait for cannot be read: %s", type(error).__name__)
    return found
