"""How fast bodies are received, on a clock that jumps to the next moment at which something happens."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from demeter.serving import pacing
from demeter.serving.pacing import Pace

PIECE_BYTES = 64 * 1024
LONG_S = 1000.0


class JumpingLoop(asyncio.SelectorEventLoop):
    """Never waits: where nothing is ready, its clock is set to the next timer."""

    now_s = 0.0

    def time(self) -> float:
        return self.now_s

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:
            self.now_s = max(self.now_s, self._scheduled[0].when())
        super()._run_once()


def played(scene: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(asyncio.wait_for(scene, LONG_S))


async def bring(pace: Pace, pieces: int, *, every_s: float = 0.0) -> float:
    """Send so many pieces as fast as they are taken, or slower; when the last one was."""
    for _ in range(pieces):
        await asyncio.sleep(every_s)
        await pace.took(PIECE_BYTES)
    return asyncio.get_running_loop().time()


def test_one_body_at_a_time_has_the_full_speed_until_it_is_answered() -> None:
    async def scene() -> list[float]:
        full_speed = asyncio.Lock()
        paces = [Pace(full_speed) for _ in range(3)]

        async def arrive_and_answer(pace: Pace) -> float:
            await bring(pace, 80)
            pace.received()
            await asyncio.sleep(0.3)  # the view
            pace.close()
            return asyncio.get_running_loop().time()

        return list(await asyncio.gather(*(arrive_and_answer(pace) for pace in paces)))

    assert played(scene()) == pytest.approx([0.3, 0.6, 0.9])


def test_a_small_body_waits_for_nobody() -> None:
    async def scene() -> float:
        full_speed = asyncio.Lock()
        await full_speed.acquire()
        return await bring(Pace(full_speed), pacing.BURST_BYTES // PIECE_BYTES)

    assert played(scene()) == 0.0


def test_who_never_gets_the_full_speed_is_received_at_the_base_rate_after_a_while() -> None:
    async def scene() -> float:
        full_speed = asyncio.Lock()
        await full_speed.acquire()
        return await bring(Pace(full_speed), 80)

    after_burst_s = (80 * PIECE_BYTES - 2 * pacing.BURST_BYTES) / pacing.BASE_BYTES_PER_S
    assert played(scene()) == pytest.approx(pacing.MAX_WAIT_S + after_burst_s, abs=0.1)


def test_a_client_that_stops_sending_loses_the_full_speed_at_once() -> None:
    async def scene() -> float:
        full_speed = asyncio.Lock()
        for _ in range(3):
            await bring(Pace(full_speed), 2)  # and no more: its request is never over
        return await bring(Pace(full_speed), 80)

    assert played(scene()) <= 3 * pacing.CHECK_S + 0.01


def test_a_slow_client_is_received_as_fast_as_it_sends_beside_one_with_the_full_speed() -> None:
    async def scene() -> float:
        full_speed = asyncio.Lock()
        await full_speed.acquire()
        slow = Pace(full_speed)
        alone_s = 100 * 2 * PIECE_BYTES / pacing.BASE_BYTES_PER_S
        return await bring(slow, 100, every_s=2 * PIECE_BYTES / pacing.BASE_BYTES_PER_S) - alone_s

    assert played(scene()) <= pacing.MAX_WAIT_S + 0.01


def test_a_long_body_gives_the_full_speed_to_the_next() -> None:
    async def scene() -> float:
        full_speed = asyncio.Lock()
        long = asyncio.create_task(bring(Pace(full_speed), 100_000, every_s=0.001))
        await asyncio.sleep(0.5)
        short_s = await bring(Pace(full_speed), 80)
        long.cancel()
        return short_s

    assert played(scene()) <= pacing.TURN_S + pacing.CHECK_S + 0.01


def test_whoever_is_gone_leaves_no_hole_in_the_line() -> None:
    async def scene() -> float:
        full_speed = asyncio.Lock()
        first, second, third = (Pace(full_speed) for _ in range(3))
        await bring(first, 2)
        gone = asyncio.create_task(bring(second, 80))
        waiting = asyncio.create_task(bring(third, 80))
        await asyncio.sleep(0)
        gone.cancel()
        first.close()
        return await waiting

    assert played(scene()) == 0.0
