"""A private Redis: own port, a password, nothing on disk, gone with its block."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis

from demeter.supervisor import ProcessSpec, Supervisor
from tests.support.servers import find_program, free_port
from tests.support.waiting import reached

PASSWORD = "only-for-this-test"


def find_redis() -> Path | None:
    """The server program, or None if this machine lacks it."""
    return find_program("redis-server") or find_program("valkey-server")


@dataclass
class RedisServer:
    """A Redis that can go away and come back, empty, at the same address."""

    program: Path
    log_dir: Path
    port: int = field(default_factory=free_port)
    _running: ExitStack = field(default_factory=ExitStack)
    _pid: int = 0

    @property
    def url(self) -> str:
        """Without a database number."""
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}"

    def start(self) -> None:
        options = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
        spec = ProcessSpec("redis", (str(self.program), *options, "--requirepass", PASSWORD))
        supervisor = self._running.enter_context(Supervisor([spec], log_dir=self.log_dir, grace_s=5.0))
        self._pid = supervisor.pid(spec.name) or 0
        assert reached(self.answers, within_s=60, every_s=0.1), "Redis did not start"

    def stop(self) -> None:
        self._running.close()

    def freeze(self) -> None:
        """From now on it takes connections and answers nothing."""
        os.kill(self._pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._pid, signal.SIGCONT)

    def answers(self) -> bool:
        try:
            with redis.Redis(port=self.port, password=PASSWORD, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.exceptions.ConnectionError:
            return False


@contextmanager
def redis_server(*, log_dir: Path) -> Iterator[RedisServer]:
    """An empty Redis, to be stopped and started within the block."""
    program = find_redis()
    if program is None:
        raise FileNotFoundError("redis-server was not found")
    server = RedisServer(program, log_dir)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def running_redis(*, log_dir: Path) -> Iterator[str]:
    """The URL of an empty Redis, without a database number, that lives as long as the block."""
    with redis_server(log_dir=log_dir) as server:
        yield server.url
