"""Work that a command spreads over processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TypeVar

import cv2
import django

Task = TypeVar("Task")
Result = TypeVar("Result")


def in_processes(
    work: Callable[[Task], Result], tasks: Iterable[Task], processes: int
) -> Iterator[tuple[Task, Result]]:
    """Each task with what the work made of it, as they are done; with one process in this one, in their order.

    Processes are spawned, not forked: a lock that a thread of torch holds during a fork is never released in the child.
    Raises what the work raises.
    """
    if processes == 1:
        for task in tasks:
            yield task, work(task)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_set_up) as pool:
        running = {pool.submit(work, task): task for task in tasks}
        for done in as_completed(running):
            yield running[done], done.result()


def _set_up() -> None:
    django.setup()
    cv2.setNumThreads(1)  # the processes share the cores
