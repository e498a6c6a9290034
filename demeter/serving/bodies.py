"""Receiving a body: never in a thread that waits, under deadlines, small ones to memory and the others to disk."""

import asyncio
import errno
import logging
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final, Protocol

from demeter.serving import errors
from demeter.serving.pacing import Pace

Receive = Callable[[], Awaitable[Mapping[str, Any]]]

#: What a body may have before it goes to disk; also what is gathered for one write.
_IN_MEMORY_BYTES: Final = 64 * 1024
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BodyRule:
    """What one request may send: `stall_bytes` at least in every `stall_s` seconds, all within `total_s`.

    `max_bytes` is what the client is told; what surrounds the files of a form may come on top.
    """

    max_bytes: int
    total_s: float
    stall_s: float
    stall_bytes: int
    overhead_bytes: int = 0

    def check_size(self, size: int) -> None:
        """Raises RequestTooLarge."""
        if size > self.max_bytes + self.overhead_bytes:
            raise errors.too_large(self.max_bytes)


class StopReceiving(Exception):
    """The sink wants no more: what it has is enough to say what is wrong."""


class Sink(Protocol):
    """Where the bytes of a body go. Once `is_on_disk`, the methods may wait for it and are called in a thread."""

    def is_on_disk(self, size: int) -> bool:
        """Whether a body of this size, or what follows, goes to disk."""

    def write(self, data: bytes) -> None: ...

    def finish(self) -> None:
        """The body is whole."""

    def hand_over(self, environ: dict[str, Any]) -> None:
        """Put the whole body where Django looks for it."""

    def discard(self) -> None:
        """Delete what was written. Harmless when repeated, and after `finish`."""


class Budget:
    """How many bytes the bodies of this process may have on disk together."""

    def __init__(self, max_bytes: int) -> None:
        self.left_bytes = max_bytes

    def take(self, size: int) -> None:
        """Raises ServerBusy if there is no room for so many more."""
        if size > self.left_bytes:
            raise errors.busy()
        self.left_bytes -= size

    def give_back(self, size: int) -> None:
        self.left_bytes += size


class RawBody:
    """A body as it came: in memory up to 64 KiB, else in a file of `folder` that has no name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.file: IO[bytes] = BytesIO()

    def is_on_disk(self, size: int) -> bool:
        return size > _IN_MEMORY_BYTES

    def write(self, data: bytes) -> None:
        if isinstance(self.file, BytesIO) and self.is_on_disk(self.file.tell() + len(data)):
            start = self.file.getvalue()
            self.file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed by discard
            self.file.write(start)
        self.file.write(data)

    def finish(self) -> None:
        self.file.seek(0)

    def hand_over(self, environ: dict[str, Any]) -> None:
        environ["wsgi.input"] = self.file

    def discard(self) -> None:
        self.file.close()


class BodyReceiver:
    """Receives one body into a sink. `size` says how many bytes have arrived."""

    def __init__(self, sink: Sink, *, rule: BodyRule, budget: Budget, disk: Executor, pace: Pace) -> None:
        self.sink = sink
        self._pace = pace
        self.size = 0
        self._rule = rule
        self._budget = budget
        self._disk = disk
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0
        self._taken_bytes = 0

    async def receive(self, receive: Receive) -> None:
        """Returns when the body is whole and in the sink.

        Raises RequestIncomplete if it breaks off, RequestTooSlow, RequestTooLarge, ServerBusy, DiskFull, and
        StopReceiving if the sink does; the caller discards it then, and in any case when the request is over.
        """
        clock = asyncio.get_running_loop().time
        ends_at = clock() + self._rule.total_s
        stalls_at, enough_at_bytes = clock() + self._rule.stall_s, self._rule.stall_bytes
        try:
            while True:
                async with asyncio.timeout_at(min(ends_at, stalls_at)):
                    message = await receive()
                await self._take(message)
                if not message.get("more_body", False):
                    break
                if self.size >= enough_at_bytes:
                    stalls_at, enough_at_bytes = (
                        clock() + self._rule.stall_s,
                        self.size + self._rule.stall_bytes,
                    )
                await self._pace.took(len(message.get("body", b"")))
        except TimeoutError as error:
            raise errors.too_slow() from error
        self._pace.received()
        await self._flush()
        await self._in_sink(self.sink.finish)

    async def discard(self) -> None:
        """Delete what arrived and give its room back. Harmless when repeated."""
        self._pace.close()
        self._gathered.clear()
        self._budget.give_back(self._taken_bytes)
        self._taken_bytes = 0
        await self._in_sink(self.sink.discard)

    async def _take(self, message: Mapping[str, Any]) -> None:
        if message["type"] != "http.request":  # the client is gone, or its chunks cannot be read
            raise errors.incomplete()
        data = message.get("body", b"")
        self.size += len(data)
        self._rule.check_size(self.size)
        self._gathered.append(data)
        self._gathered_bytes += len(data)
        if self._gathered_bytes >= _IN_MEMORY_BYTES:
            await self._flush()

    async def _flush(self) -> None:
        data = b"".join(self._gathered) if len(self._gathered) != 1 else self._gathered[0]
        self._gathered, self._gathered_bytes = [], 0
        if self.sink.is_on_disk(self.size):
            self._budget.take(len(data))
            self._taken_bytes += len(data)
        if data:
            await self._in_sink(self.sink.write, data)

    async def _in_sink(self, work: Callable[..., None], *args: Any) -> None:
        if self.sink.is_on_disk(self.size):
            await self._on_disk(work, *args)
        else:
            work(*args)

    async def _on_disk(self, work: Callable[..., None], *args: Any) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._disk, work, *args)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise errors.disk_full() from error
            logger.exception("A body could not be written to disk")
            raise errors.disk_unavailable() from error
