"""Threads that never came back from a step. Nothing can end a thread but the end of its process."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)

_lock = threading.Lock()
_stuck = 0
_threads = 0  # that do steps in this process; 0: nobody has said


def set_threads(number: int) -> None:
    """Say how many threads do the steps of this process."""
    global _threads  # noqa: PLW0603 - one process, one pool
    _threads = number


@contextmanager
def one_more_stuck() -> Iterator[None]:
    """Count a thread as stuck while the block lasts. With four of five stuck the process ends, to be started anew."""
    _count(1)
    try:
        yield
    finally:
        _count(-1)


def _count(change: int) -> None:
    global _stuck  # noqa: PLW0603
    with _lock:
        _stuck += change
        is_clogged = 0 < _threads <= _stuck + _threads // 5
    if is_clogged:
        logger.critical(
            "%s of %s threads hang in steps past their deadline: this process ends.", _stuck, _threads
        )
        end_process()


def end_process() -> None:
    """End this process now, whatever its threads do. Its supervisor frees what it held and starts another."""
    os._exit(70)  # EX_SOFTWARE
