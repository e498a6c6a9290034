"""How fast bodies are received: one at full speed in each process, first come first served.

Fifty bodies that all get an equal share end at the same moment, and then all wait for the processor together. Received
one after another, the first are answered while the last are still sent.

A body that brings more than `BURST_BYTES` waits for the full speed, but no longer than `MAX_WAIT_S`. With it, it is
received as fast as it comes, for a turn of `TURN_S`, unless its client turns out slow: then, and without it, at up to
`BASE_BYTES_PER_S`, which is more than most phones send. So nobody keeps others out by sending slowly or much.
"""

import asyncio
from contextlib import suppress
from typing import Final

BURST_BYTES: Final = 64 * 1024  # forms and small pictures do not wait
MAX_WAIT_S: Final = 3.0
TURN_S: Final = 1.0
# A client that brings less in this time does not need the full speed. On a busy machine a fast one may get no turn of
# the processor for a tenth of a second.
CHECK_S: Final = 0.25
MIN_BYTES_A_CHECK: Final = 128 * 1024
BASE_BYTES_PER_S: Final = 2 * 1024**2


class Pace:
    """How fast one body may come. `full_speed` is shared by all bodies of the process. Close it after the answer."""

    def __init__(self, full_speed: asyncio.Lock) -> None:
        self._full_speed = full_speed
        self._clock = asyncio.get_running_loop().time
        self._is_fast = False
        self._fast_until = 0.0
        self._has_waited = False
        self._credit_bytes = float(BURST_BYTES)
        self._credited_at = 0.0
        self._since_check_bytes = 0
        self._check: asyncio.TimerHandle | None = None

    async def took(self, size: int) -> None:
        """So many bytes have been taken: wait until the next may be."""
        self._since_check_bytes += size
        if self._is_fast:
            return
        self._credit_bytes = min(float(BURST_BYTES), self._credit_bytes + self._earned()) - size
        if self._credit_bytes >= 0:
            return
        wait_s = -self._credit_bytes / BASE_BYTES_PER_S if self._has_waited else MAX_WAIT_S
        self._has_waited = True
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._full_speed.acquire()
                self._is_fast = True
        self._credit_bytes, self._credited_at = 0.0, self._clock()
        if self._is_fast:
            self._fast_until = self._clock() + TURN_S
            self._check_later()

    def received(self) -> None:
        """The body is whole. The full speed is kept until `close`: views that start together end together."""
        if self._check is not None:
            self._check.cancel()

    def close(self) -> None:
        """Let the next body have the full speed. Harmless when repeated."""
        self.received()
        if self._is_fast:
            self._is_fast = False
            self._full_speed.release()

    def _earned(self) -> float:
        """What the base rate allows since the last look; nothing before the first wait."""
        if not self._has_waited:
            return 0.0
        now = self._clock()
        earned, self._credited_at = (now - self._credited_at) * BASE_BYTES_PER_S, now
        return earned

    def _check_later(self) -> None:
        self._since_check_bytes = 0
        self._check = asyncio.get_running_loop().call_later(CHECK_S, self._check_turn)

    def _check_turn(self) -> None:
        is_slow = self._since_check_bytes < MIN_BYTES_A_CHECK
        if is_slow or self._clock() >= self._fast_until:
            self.close()
        else:
            self._check_later()
