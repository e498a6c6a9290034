"""A private PostgreSQL: own data folder, own port, a password, gone with its block."""

import os
import pwd
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from demeter.supervisor import ProcessSpec
from tests.support.servers import find_program, free_port, running_server

# Debian keeps the programs of each version in a folder of its own, off the PATH; the newest comes first.
DEBIAN_FOLDERS = tuple(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))
# PostgreSQL refuses to run as root, so root hands it to the first of these users that exists.
UNPRIVILEGED_USERS = ("postgres", "nobody")
BECOME = (
    "import os, sys\n"
    "os.setgroups([])\n"
    "os.setgid(int(sys.argv[2]))\n"
    "os.setuid(int(sys.argv[1]))\n"
    "os.execv(sys.argv[3], sys.argv[3:])\n"
)


def find_postgres() -> tuple[Path, Path] | None:
    """(initdb, postgres) of one version, or None if this machine lacks them."""
    initdb, postgres = (find_program(name, DEBIAN_FOLDERS) for name in ("initdb", "postgres"))
    return (initdb, postgres) if initdb and postgres else None


@dataclass
class PostgresServer:
    """A PostgreSQL that can go away and come back with its data, at the same address."""

    command: tuple[str, ...]
    url: str
    log_dir: Path
    _running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        spec = ProcessSpec("postgres", self.command)
        server = running_server(spec, log_dir=self.log_dir, is_ready=lambda: _answers(self.url))
        self._running.enter_context(server)

    def stop(self) -> None:
        self._running.close()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all its processes within the block as if its machine stood still: connections stay, nothing answers."""
        pids = self._pids()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def _pids(self) -> list[int]:
        """The first process, which makes no more once it is stopped, and its children."""
        data = Path(self.command[self.command.index("-D") + 1])
        first = int((data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [first, *map(int, children)]


@contextmanager
def postgres_server(*, log_dir: Path) -> Iterator[PostgresServer]:
    """A fresh PostgreSQL, to be stopped and started within the block."""
    programs = find_postgres()
    if programs is None:
        raise FileNotFoundError("initdb and postgres were not found")
    initdb, postgres = programs
    become = _become_unprivileged()
    port, password = free_port(), "only-for-this-test"
    # Not pytest's tmp_path: another user may not pass through its parents.
    with tempfile.TemporaryDirectory(prefix="demeter-postgres-") as name:
        folder = Path(name)
        password_file = folder / "password"
        password_file.write_text(password)
        if become:
            for path in (folder, password_file):
                os.chown(path, int(become[-2]), int(become[-1]))
        data = folder / "data"
        subprocess.run(
            [
                *become, str(initdb), "--pgdata", str(data), "--username", "demeter", "--pwfile", str(password_file),
                "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync",
            ],
            check=True, capture_output=True, cwd="/",
        )  # fmt: skip
        options = {
            "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "max_connections": 100,
            "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off",  # the data dies with the test
        }  # fmt: skip
        arguments = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        server = PostgresServer(
            command=(*become, str(postgres), "-D", str(data), *arguments),
            url=f"postgres://demeter:{password}@127.0.0.1:{port}/postgres",
            log_dir=log_dir,
        )
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def running_postgres(*, log_dir: Path) -> Iterator[str]:
    """The DATABASE_URL of a fresh PostgreSQL that lives as long as the block."""
    with postgres_server(log_dir=log_dir) as server:
        yield server.url


def _become_unprivileged() -> tuple[str, ...]:
    """The beginning of a command that runs the rest as another user; empty where this user may run PostgreSQL.

    Its last two parts are that user's id and group.
    """
    if os.geteuid() != 0:
        return ()
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = next(known[name] for name in UNPRIVILEGED_USERS if name in known)
    return (sys.executable, "-I", "-c", BECOME, str(user.pw_uid), str(user.pw_gid))


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False
