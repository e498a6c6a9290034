"""Starting the servers of a production set-up privately: own port, own folder, gone when the block ends."""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from demeter.supervisor import ProcessSpec, Supervisor
from tests.support.waiting import is_running, reached

LOG_TAIL_BYTES = 4000


class ServerDidNotStart(Exception):
    """A server ended, or was not ready in time. The message ends with what it wrote last."""


@contextmanager
def running_server(
    spec: ProcessSpec, *, log_dir: Path, is_ready: Callable[[], bool], within_s: float = 60.0
) -> Iterator[None]:
    """Run one server until the block ends, also when this process is killed. Its log is `log_dir`/name.log.

    Raises ServerDidNotStart if it ends early or is not ready in time.
    """
    with Supervisor([spec], log_dir=log_dir, grace_s=5.0) as supervisor:
        pid = supervisor.pid(spec.name) or 0
        has_begun = reached(lambda: not is_running(pid) or is_ready(), within_s=within_s, every_s=0.1)
        if not has_begun or not is_running(pid):
            log = (log_dir / f"{spec.name}.log").read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace")
            raise ServerDidNotStart(f"{spec.name} was not ready within {within_s:.0f} s:\n{log}")
        yield


def free_port() -> int:
    """A port of this machine that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def find_program(name: str, folders: tuple[Path, ...] = ()) -> Path | None:
    """Where a program is, on the PATH or in one of `folders`; None if this machine lacks it."""
    places = [os.environ.get("PATH", ""), *(str(folder) for folder in folders)]
    found = shutil.which(name, path=os.pathsep.join(places))
    return Path(found) if found else None


def may_be_skipped(program: object) -> bool:
    """Whether tests of a server may be left out: it is missing, and DEMETER_REQUIRE_SERVERS does not demand it."""
    return program is None and os.environ.get("DEMETER_REQUIRE_SERVERS") != "1"
