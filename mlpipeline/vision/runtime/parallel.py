"""Cores: the same work on many things, shared by the cores of this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Thing = TypeVar("Thing")
Result = TypeVar("Result")


def parallel_map(work: Callable[[Thing], Result], things: Sequence[Thing], cores: int) -> list[Result]:
    """The result for each thing, in their order; raises what the work raises.

    In threads, which pays where the work is spent within libraries that let others run. They end with the call: a
    worker that was forked afterwards would wait for them for ever.
    """
    if cores < 2 or len(things) < 2:
        return [work(thing) for thing in things]
    with ThreadPoolExecutor(min(cores, len(things))) as threads:
        return list(threads.map(work, things))
