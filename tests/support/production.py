"""The production topology without containers: private PostgreSQL, Redis and S3, and each service's own command.

The commands are those of docker-compose.yml, so that what containers would run is what is run here. Each service has
a data folder of its own, as on hosts of their own; uploads wait in a bucket.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import yaml

from demeter.demo.client import ApiClient
from demeter.supervisor import ProcessSpec, Supervisor
from tests.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.support.postgres import find_postgres, running_postgres
from tests.support.redis_server import find_redis, running_redis
from tests.support.s3_server import S3Server, has_swift, running_s3
from tests.support.servers import free_port
from tests.support.waiting import reached

ROOT = Path(__file__).resolve().parents[2]
LOG_DIR_NAME = "logs"
RUNNING = ("web", "worker-gpu", "worker-cpu", "worker-io", "beat")
READY_WITHIN_S = 240.0  # five processes import at once on two cores
INHERITED = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "TMPDIR")


def missing_servers() -> list[str]:
    """What this machine lacks to run the topology, each with what to do about it."""
    return [
        words
        for is_there, words in (
            (find_postgres(), "PostgreSQL (apt install postgresql)"),
            (find_redis(), "Redis (apt install redis-server)"),
            (has_swift(), "the S3 server (make servers)"),
        )
        if not is_there
    ]


@dataclass(frozen=True)
class Production:
    """The running services: asked over HTTP as clients do, their rows and objects read beside them."""

    port: int
    database_url: str
    s3: S3Server
    proxy: FaultyProxy  # between the services and the store
    environment: dict[str, str] = field(repr=False)

    def client(self) -> ApiClient:
        """A client that is not signed in yet."""
        return ApiClient(host="127.0.0.1", port=self.port)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query, values).fetchall()

    def store(self) -> Any:
        """A client of the object store, with the owner's credentials."""
        return self.s3.client()

    def keys(self, bucket: str) -> list[str]:
        """The names of all objects in a bucket."""
        return [item["Key"] for item in self.store().list_objects_v2(Bucket=bucket).get("Contents", [])]

    def health_check(self, service: str) -> subprocess.CompletedProcess[str]:
        """Ask what the container of a worker would be asked."""
        command = _services()[service]["healthcheck"]["test"][1:]
        return _run(command, self.environment)


@contextmanager
def running_production(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Production]:
    """Start the servers, prepare them, and run every service until the block ends."""
    logs = folder / LOG_DIR_NAME
    with ExitStack() as servers:
        database_url = servers.enter_context(running_postgres(log_dir=logs))
        redis_url = servers.enter_context(running_redis(log_dir=logs))
        s3 = servers.enter_context(running_s3(log_dir=logs))
        proxy = servers.enter_context(faulty_proxy(s3.port))
        environment = {
            **{name: os.environ[name] for name in INHERITED if name in os.environ},
            "DEMETER_PRODUCTION": "true",
            "DEMETER_LOAD_DEMO": "true",
            "DEMETER_DATA_HOME": str(folder / "prepare"),
            "DJANGO_SECRET_KEY": "only-for-this-test-" + "x" * 50,
            "DJANGO_ALLOWED_HOSTS": "127.0.0.1",
            "DJANGO_SSL_REDIRECT": "false",
            "DATABASE_URL": database_url,
            "CELERY_BROKER_URL": f"{redis_url}/0",
            "CACHE_URL": f"{redis_url}/1",
            "S3_BUCKET": "demeter",
            "S3_BUCKET_PROCESSED": "processed",
            "S3_BUCKET_STAGING": "staging",
            **s3.settings(proxy.url),
            "PYTHONUNBUFFERED": "1",
            **(settings or {}),
        }
        _run(_services()["setup"]["command"], environment).check_returncode()
        port = free_port()
        specs = [_spec(name, port, environment, folder) for name in RUNNING]
        servers.enter_context(Supervisor(specs, log_dir=logs, grace_s=15.0))
        production = Production(
            port=port, database_url=database_url, s3=s3, proxy=proxy, environment=environment
        )
        assert reached(production.client().is_ready, within_s=READY_WITHIN_S, every_s=1.0), _ends_of(logs)
        yield production


def _services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return services


def _spec(name: str, port: int, environment: dict[str, str], folder: Path) -> ProcessSpec:
    here = {"python": sys.executable, "0.0.0.0": "127.0.0.1", "8000": str(port)}  # noqa: S104 - what it stands for
    command = tuple(here.get(word, word) for word in _services()[name]["command"])
    # A supervisor hands its own environment on; a service must see only what a container would be given.
    only = ("env", "-i", *(f"{key}={value}" for key, value in environment.items()))
    return ProcessSpec(name, (*only, f"DEMETER_DATA_HOME={folder / name}", *command), cwd=ROOT)


def _run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    words = [sys.executable if word == "python" else word for word in command]
    return subprocess.run(
        words, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=300
    )


def _ends_of(logs: Path) -> str:
    return "\n".join(
        f"{path.name}:\n{path.read_text(errors='replace')[-2000:]}" for path in sorted(logs.iterdir())
    )
