"""The whole product on a temporary data home: SQLite, local files and Celery's filesystem broker, as in the demo."""

import atexit
import functools
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demeter.demo.accounts import WORKER
from demeter.demo.client import ApiClient
from demeter.demo.data_dir import demo_environment
from demeter.supervisor import ProcessSpec
from tests.support.demo_database import prepare_database
from tests.support.servers import free_port, running_server
from tests.support.waiting import reached

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Embedded:
    """A running stack: asked over HTTP as a client would, its rows read beside it."""

    home: Path
    port: int

    def client(self, account: Any = WORKER) -> ApiClient:
        """A client that is signed in; by default the demo's worker."""
        client = ApiClient(host="127.0.0.1", port=self.port)
        client.sign_in(account.email, account.password)
        return client

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.home / "demeter.sqlite3", timeout=20)) as database:
            return database.execute(query, values).fetchall()

    def change(self, query: str, *values: object) -> None:
        with closing(sqlite3.connect(self.home / "demeter.sqlite3", timeout=20)) as database, database:
            database.execute(query, values)

    def value(self, query: str, *values: object) -> Any:
        [(value,)] = self.rows(query, *values)
        return value

    def log(self, name: str) -> str:
        return (self.home / "logs" / f"{name}.log").read_text()

    def worker_pid(self, queue: str) -> int:
        """The process that serves a queue, by its latest sign of life."""
        query = "SELECT worker FROM worker_heartbeats WHERE queues LIKE ? ORDER BY beat_at DESC LIMIT 1"
        return int(self.value(query, f'%"{queue}"%').rpartition(":")[2])

    def kill_holders(self, kinds: Iterable[str], *, within_s: float = 900.0) -> set[str]:
        """Kill -9, once for each kind of step, a worker in the middle of such a step, in whatever order they come.

        Returns the kinds that no worker was seen working on in time.
        """
        left = set(kinds)

        def kill_who_works() -> bool:
            for kind, worker in self.rows(
                "SELECT kind, worker FROM processing_steps WHERE status = 'running'"
            ):
                if kind in left and _kill(int(worker.rpartition(":")[2])):
                    left.discard(kind)
                    break  # others may have died with it: look again
            return not left

        reached(kill_who_works, within_s=within_s, every_s=0.01)
        return left


def _kill(pid: int) -> bool:
    """False for a process that is gone already: a row may name it until its lease runs out."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


@functools.cache
def _exported_networks() -> Path:
    """One folder for all stacks of a process: else each would export the networks anew."""
    folder = Path(tempfile.mkdtemp(prefix="demeter-networks-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@contextmanager
def running_stack(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Embedded]:
    """Prepare the demo nursery and run `manage.py stack` until the block ends."""
    environment = {**demo_environment(folder), **(settings or {})}
    home = Path(environment["DEMETER_DATA_HOME"])
    prepare_database(environment)
    (home / "cache").mkdir()
    (home / "cache" / "models").symlink_to(_exported_networks(), target_is_directory=True)
    port = free_port()
    stack = (sys.executable, str(ROOT / "manage.py"), "stack", "--port", str(port))
    is_ready = ApiClient(host="127.0.0.1", port=port).is_ready
    with running_server(
        ProcessSpec("stack", stack, environment), log_dir=home / "logs", is_ready=is_ready, within_s=300
    ):
        yield Embedded(home=home, port=port)
