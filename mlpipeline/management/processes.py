"""Work that a command spreads over processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context, parent_process
from threading import Thread
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
    They end when this one is killed. Raises what the work raises.
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
    Thread(target=_end_with_parent, daemon=True).start()
    django.setup()
    cv2.setNumThreads(1)  # the processes share the cores


def _end_with_parent() -> None:
    """Without it the task at hand, of an hour perhaps, would go on and write beside those of the next run."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
