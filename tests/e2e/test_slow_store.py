"""A store that is slow holds up the io worker's fifty uploads, and nothing else (contract, "Queues")."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.support.local_stack import Embedded, running_stack
from tests.support.postgres import find_postgres, running_postgres
from tests.support.redis_server import find_redis, running_redis
from tests.support.s3_server import has_swift, running_s3
from tests.support.servers import may_be_skipped
from tests.support.waiting import reached
from tests.test_integration import picture

IO_TASKS = 50
PHOTOS = 60  # each brings an original and a thumbnail

pytestmark = [
    pytest.mark.skipif(may_be_skipped(has_swift()), reason="the S3 server is missing (make servers)"),
    pytest.mark.skipif(may_be_skipped(find_postgres()), reason="PostgreSQL is missing"),
    pytest.mark.skipif(may_be_skipped(find_redis()), reason="Redis is missing"),
]


@dataclass(frozen=True)
class SlowStore:
    """A stack whose store stands behind a proxy; its rows are read beside it."""

    stack: Embedded
    proxy: FaultyProxy
    database_url: str

    def count(self, condition: str) -> int:
        """How many steps there are of which this is true."""
        query = f"SELECT count(*) FROM processing_steps WHERE {condition}"  # noqa: S608 - of this file
        with psycopg.connect(self.database_url) as connection:
            [[number]] = connection.execute(query).fetchall()
        return int(number)


@pytest.fixture(params=["threads", "gevent"])
def slow_store(request: Any, tmp_path: Path) -> Iterator[SlowStore]:
    with ExitStack() as servers:
        logs = tmp_path / "servers"
        database_url = servers.enter_context(running_postgres(log_dir=logs))
        redis_url = servers.enter_context(running_redis(log_dir=logs))
        s3 = servers.enter_context(running_s3(log_dir=logs))
        proxy = servers.enter_context(faulty_proxy(urlsplit(s3.endpoint_url).port or 0))
        settings = {
            "DATABASE_URL": database_url,
            "CELERY_BROKER_URL": f"{redis_url}/0",
            "IO_WORKER_POOL": request.param,
            "S3_BUCKET": "demeter",
            "S3_ENDPOINT_URL": proxy.url,
            "AWS_ACCESS_KEY_ID": s3.access_key,
            "AWS_SECRET_ACCESS_KEY": s3.secret_key,
            "AWS_S3_REGION_NAME": s3.region,
            "SWEEP_EVERY_S": "1",
        }
        stack = servers.enter_context(running_stack(tmp_path, settings))
        yield SlowStore(stack, proxy, database_url)


def test_fifty_uploads_are_in_flight_at_once_and_no_count_waits_for_them(
    slow_store: SlowStore, tmp_path: Path
) -> None:
    paths = []
    for number in range(PHOTOS):
        paths.append(tmp_path / f"noise{number}.png")
        paths[-1].write_bytes(picture())
    slow_store.proxy.mode = "hangs"
    client = slow_store.stack.client()
    client.upload(paths)

    in_flight = "status = 'running' AND kind LIKE 'upload%'"
    assert reached(lambda: slow_store.count(in_flight) >= IO_TASKS, within_s=300, every_s=0.2)
    assert slow_store.count(in_flight) <= IO_TASKS
    summed_up = "kind = 'aggregate_results' AND status = 'done'"
    assert reached(lambda: slow_store.count(summed_up) == PHOTOS, within_s=900, every_s=1.0)
    assert slow_store.count("kind = 'upload_original' AND status = 'done'") == 0

    slow_store.proxy.mode = "delays"
    stored = "kind = 'upload_original' AND status = 'done'"
    assert reached(lambda: slow_store.count(stored) == PHOTOS, within_s=600, every_s=1.0)
    assert slow_store.count("status = 'failed'") == 0
