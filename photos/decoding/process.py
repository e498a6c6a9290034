"""One decoding process, as the worker that started it sees it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, Final

from photos.decoding.child import MAX_MESSAGE_BYTES

# What the kernel ends a process with for its own doing; anything else came from outside.
_OWN_SIGNALS: Final = {
    signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE, signal.SIGSYS
}  # fmt: skip
# The memory of a usual photo (12 megapixels: 36 MB) is kept for the next, which saves a third of the time; a process
# that has held a larger one is given up.
_MALLOC: Final = {"MALLOC_MMAP_THRESHOLD_": str(64 * 1024**2), "MALLOC_TRIM_THRESHOLD_": str(128 * 1024**2)}


@dataclass(frozen=True)
class Limits:
    """What one decoding process may take."""

    memory_bytes: int
    cpu_s: int  # of the processor, a request
    wall_s: float  # by the clock, a request
    idle_s: int  # until it ends itself


class ChildEnded(Exception):
    """The process ended before it answered."""


class ChildCrashed(ChildEnded):
    """It ended by its own doing, as a decoder does that reads what is not its own."""


class ChildOverran(ChildEnded):
    """It used up its time on the processor."""


class ChildLeft(ChildEnded):
    """It had ended of itself, for want of work, before the request reached it."""


class DecodeProcess:
    """A child process and the socket to it. Not for two threads at once."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        ours, theirs = socket.socketpair()
        arguments = (theirs.fileno(), limits.memory_bytes, limits.cpu_s, limits.idle_s)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, with numbers
                [sys.executable, "-m", "photos.decoding.child", *map(str, arguments)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={**os.environ, **_MALLOC, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        self._link = ours
        self._link.settimeout(limits.wall_s)
        self.is_last = False

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, function: str, arguments: dict[str, Any], file: int) -> dict[str, Any]:
        """Have a function called with an open file. Raises ChildEnded, or TimeoutError past the time by the clock."""
        request = json.dumps({"function": function, "arguments": arguments}).encode()
        assert len(request) <= MAX_MESSAGE_BYTES  # noqa: S101 - a path and a few numbers
        try:
            socket.send_fds(self._link, [request], [file])
            answer = self._link.recv(MAX_MESSAGE_BYTES)
        except (BrokenPipeError, ConnectionResetError):
            answer = b""
        except TimeoutError:
            self.kill()
            raise TimeoutError(f"Decoding took longer than {self._limits.wall_s} s.") from None
        if not answer:
            raise self._end()
        said: dict[str, Any] = json.loads(answer)
        self.is_last = bool(said.pop("is_last"))
        return said

    def _end(self) -> ChildEnded:
        """Why the process has gone."""
        self._link.close()
        code = self._process.wait()
        if code == 0:
            return ChildLeft()
        if code == -signal.SIGXCPU:
            return ChildOverran(f"It took more than {self._limits.cpu_s} s of the processor.")
        kind = ChildCrashed if -code in _OWN_SIGNALS else ChildEnded
        return kind(f"It ended with {code}.")

    def close(self) -> None:
        """Let it end: it does when its socket closes."""
        self._link.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
            return
        self.kill()

    def kill(self) -> None:
        """End it at once. Nothing happens if it has ended."""
        self._link.close()
        self._process.kill()
        self._process.wait()
