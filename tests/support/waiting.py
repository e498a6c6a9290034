"""Waiting for what other processes do, with a limit."""

import time
from collections.abc import Callable
from pathlib import Path


def reached(condition: Callable[[], bool], *, within_s: float = 10.0, every_s: float = 0.02) -> bool:
    """Whether the condition holds before the time is up; it is asked again and again until then."""
    until = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(every_s)
    return True


def is_running(pid: int) -> bool:
    """Whether the process exists and is more than an entry that waits for its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
