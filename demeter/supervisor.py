"""Keeps a set of processes running on this machine, and ends them all when it ends. It knows nothing of Django.

By hand: honcho stops everything when one process ends; this restarts it, and leaves nothing behind when it is killed.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

LOG_MAX_BYTES = 10 * 1024**2  # what a longer log holds is set aside; of each process two files are kept
STEADY_AFTER_S = 30.0  # a process that lived this long restarts at once
LONGEST_PAUSE_S = 30.0
REAPER = Path(__file__).with_name("orphan_reaper.py")


@dataclass(frozen=True)
class ProcessSpec:
    """One process to keep running. `env` is added to the supervisor's own environment."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None


@dataclass(frozen=True)
class ProcessEvent:
    """What happened to a process. `exit_code` is negative for a signal; `again_in_s` is the pause before a restart."""

    kind: Literal["started", "died", "ended"]
    name: str
    pid: int
    exit_code: int = 0
    again_in_s: float = 0.0


@dataclass
class _Child:
    spec: ProcessSpec
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    deaths_in_a_row: int = 0


class Supervisor:
    """Starts each process in a group of its own, restarts what dies with growing pauses, and ends whole groups.

    A reaper process watches the supervisor itself: if it is killed, nothing that it started is left behind.
    Each process writes to its own file in `log_dir`; without one, all write where the supervisor does.
    """

    def __init__(
        self,
        specs: Iterable[ProcessSpec],
        *,
        log_dir: Path | None,
        on_event: Callable[[ProcessEvent], None] = lambda event: None,
        grace_s: float = 10.0,
    ) -> None:
        self.log_dir = log_dir
        self.on_event = on_event
        self.grace_s = grace_s
        self._children = [_Child(spec) for spec in specs]
        self._reaper: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if self.log_dir is not None:
            self.log_dir.mkdir(parents=True, exist_ok=True)
        try:
            self.keep_running()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def keep_running(self) -> None:
        """One round: notice what died and start what is due. To be called again every second or so."""
        self._ensure_reaper()
        for child in self._children:
            self._limit_log(child.spec.name)
            if child.process is not None and child.process.poll() is not None:
                self._handle_exit(child, child.process)
            if child.process is None and time.monotonic() >= child.start_at:
                self._start(child)

    def pid(self, name: str) -> int | None:
        """The process id of the named process; None while it waits for its restart."""
        return next(
            (c.process.pid for c in self._children if c.spec.name == name and c.process is not None), None
        )

    def running(self) -> dict[str, int]:
        """The process ids of those that run just now, by name."""
        return {c.spec.name: process.pid for c in self._children if (process := c.process) is not None}

    def members(self) -> set[int]:
        """The process ids of our groups: of what we started and, where /proc tells, of what that has started."""
        started = set(self.running().values())
        others = {int(folder.name) for folder in Path("/proc").glob("[0-9]*")}
        return started | {pid for pid in others if _group_of(pid) in started and not _is_zombie(pid)}

    def kill_member(self, pid: int) -> bool:
        """Kill a process if it is one of ours or a descendant that stayed in our groups. Says whether it was."""
        if _group_of(pid) not in self.running().values():
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            return True
        return False

    def stop(self) -> None:
        """Ask all to end, wait for the grace period, kill what is left of their groups. Harmless when repeated."""
        running = [child for child in self._children if child.process is not None]
        try:
            for child in running:
                if child.process is not None:
                    child.process.terminate()
            until = time.monotonic() + self.grace_s
            for child in running:
                if child.process is not None:
                    with suppress(subprocess.TimeoutExpired):
                        child.process.wait(timeout=max(0.0, until - time.monotonic()))
        finally:  # also when the wait is broken off by a second Ctrl-C
            events = []
            for child in running:
                if child.process is not None:
                    self._end_group(child.process)
                    code = child.process.returncode or 0
                    events.append(ProcessEvent("ended", child.spec.name, child.process.pid, code))
                    child.process = None
            self._stop_reaper()
        for event in events:  # told last: a listener that raises must leave nothing running
            self.on_event(event)

    def _start(self, child: _Child) -> None:
        with self._output(child.spec.name) as output:
            child.process = subprocess.Popen(  # noqa: S603 - commands come from the code, not from outside
                child.spec.command,
                env={**os.environ, **child.spec.env},
                cwd=child.spec.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=None if output is None else subprocess.STDOUT,
                start_new_session=True,  # its own group: Ctrl-C in the terminal reaches only the supervisor
            )
        child.started_at = time.monotonic()
        self._notify_reaper(f"+{child.process.pid}\n")
        self.on_event(ProcessEvent("started", child.spec.name, child.process.pid))

    def _handle_exit(self, child: _Child, process: subprocess.Popen[bytes]) -> None:
        self._end_group(process)  # a killed parent may leave children behind
        lived_s = time.monotonic() - child.started_at
        child.deaths_in_a_row = 1 if lived_s >= STEADY_AFTER_S else child.deaths_in_a_row + 1
        pause_s = (
            0.0 if lived_s >= STEADY_AFTER_S else min(LONGEST_PAUSE_S, 2.0 ** (child.deaths_in_a_row - 2))
        )
        child.start_at = time.monotonic() + pause_s
        child.process = None
        self.on_event(ProcessEvent("died", child.spec.name, process.pid, process.returncode or 0, pause_s))

    def _end_group(self, process: subprocess.Popen[bytes]) -> None:
        # The group's number cannot be given to others while a member lives; an empty group is simply not found.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._notify_reaper(f"-{process.pid}\n")

    def _output(self, name: str) -> AbstractContextManager[IO[bytes] | None]:
        """Where a process writes: its log, or None for the supervisor's own output."""
        if self.log_dir is None:
            return nullcontext()
        return (self.log_dir / f"{name}.log").open("ab")

    def _limit_log(self, name: str) -> None:
        """Set aside what a long log holds. The process writes on to the same file, at its end, so it is emptied."""
        if self.log_dir is None:
            return
        path = self.log_dir / f"{name}.log"
        with suppress(OSError):  # there is none yet; or the disk cannot do it, which must end no process
            if path.stat().st_size > LOG_MAX_BYTES:
                with suppress(OSError):  # a full disk has no room for it
                    shutil.copyfile(path, path.with_suffix(".log.1"))
                os.truncate(path, 0)

    def _ensure_reaper(self) -> None:
        if self._reaper is not None and self._reaper.poll() is None:
            return
        self._reaper = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-I", "-S", str(REAPER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for child in self._children:
            if child.process is not None:
                self._notify_reaper(f"+{child.process.pid}\n")

    def _notify_reaper(self, line: str) -> None:
        if self._reaper is not None and self._reaper.stdin is not None:
            with suppress(BrokenPipeError):  # a dead reaper is replaced in the next round and told everything
                self._reaper.stdin.write(line.encode())
                self._reaper.stdin.flush()

    def _stop_reaper(self) -> None:
        if self._reaper is None:
            return
        if self._reaper.stdin is not None:
            with suppress(BrokenPipeError):
                self._reaper.stdin.close()
        self._reaper.wait()
        self._reaper = None


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _is_zombie(pid: int) -> bool:
    """Whether a process has died without its parent having taken note of it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
