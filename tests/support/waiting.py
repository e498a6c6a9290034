"""Waiting for what other processes do, with a limit, and finding them."""

import time
from collections.abc import Callable
from pathlib import Path


def reached(condition: Callable[[], bool], *, within_s: float = 60.0, every_s: float = 0.02) -> bool:
    """Whether the condition holds before the time is up; it is asked again and again until then.

    The time is for a machine that does other things too: what holds sooner costs none of it.
    """
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


def processes_with(name: str, value: str) -> list[int]:
    """The processes of this user that were started with this variable in their environment, by number."""
    wanted = f"{name}={value}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it has ended, or is another user's
        if wanted in environment:
            found.append(int(folder.name))
    return sorted(found)
