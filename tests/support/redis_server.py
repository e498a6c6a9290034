"""A private Redis: own port, nothing on disk, gone with its block."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from demeter.supervisor import ProcessSpec
from tests.support.servers import find_program, free_port, running_server


def find_redis() -> Path | None:
    """The server program, or None if this machine lacks it."""
    return find_program("redis-server") or find_program("valkey-server")


@contextmanager
def running_redis(*, log_dir: Path) -> Iterator[str]:
    """The URL of an empty Redis, without a database number, that lives as long as the block."""
    program = find_redis()
    if program is None:
        raise FileNotFoundError("redis-server was not found")
    port = free_port()
    options = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
    with (
        redis.Redis(port=port, socket_timeout=2) as client,
        running_server(
            ProcessSpec("redis", (str(program), *options)), log_dir=log_dir, is_ready=lambda: _answers(client)
        ),
    ):
        yield f"redis://127.0.0.1:{port}"


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.exceptions.ConnectionError:
        return False
