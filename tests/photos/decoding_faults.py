"""What may happen in a decoding process, for the tests of the pool: each is called by its name in such a process."""

import os
import signal
import time
from pathlib import Path

from photos.errors import UnreadableImage


def pid(_output: int) -> int:
    return os.getpid()


def crash(_output: int) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def crash_once(_output: int, *, mark: str) -> str:
    if not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGSEGV)
    return "read"


def be_killed(_output: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def be_killed_once(_output: int, *, mark: str) -> str:
    if not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "read"


def refuse(_output: int) -> None:
    raise UnreadableImage("damaged")


def grow(_output: int) -> None:
    held = []
    while True:
        held.append(bytearray(64 * 1024**2))


def compute(_output: int) -> None:
    while True:
        pass


def hang(_output: int) -> None:
    time.sleep(3600)


def keep(_output: int, *, megabytes: int) -> int:
    _kept.append(b"x" * (megabytes * 1024**2))
    return os.getpid()


_kept: list[bytes] = []
