"""Redis stops in the middle of the work and comes back empty: photos are taken meanwhile, and all are counted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demeter.demo.counting import follow
from tests.support.embedded import Embedded, running_stack
from tests.support.nursery_photos import render_small
from tests.support.redis_server import RedisServer, find_redis, redis_server
from tests.support.servers import may_be_skipped
from tests.support.waiting import reached

pytestmark = pytest.mark.skipif(
    may_be_skipped(find_redis()), reason="Redis is missing (apt install redis-server)"
)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(log_dir=tmp_path / "redis") as server:
        yield server


@pytest.fixture
def stack(redis: RedisServer, tmp_path: Path) -> Iterator[Embedded]:
    servers = {"CELERY_BROKER_URL": f"{redis.url}/0", "CACHE_URL": f"{redis.url}/1", "SWEEP_EVERY_S": "1"}
    with running_stack(tmp_path, servers) as running:
        yield running


def test_photos_that_are_sent_while_redis_is_away_are_counted_when_it_is_back(
    redis: RedisServer, stack: Embedded, tmp_path: Path
) -> None:
    before, during, frozen = (
        render_small(tmp_path / "photos", f"photo{number}", seed=900_050 + number) for number in range(3)
    )
    uploads = [stack.client().upload([before])]
    redis.stop()
    uploads.append(stack.client().upload([during]))  # signed in anew
    waiting = "SELECT COUNT(*) FROM processing_steps WHERE sent_at IS NULL AND status = 'pending'"
    assert reached(lambda: stack.value(waiting) >= 3, within_s=60)
    redis.start()
    redis.freeze()
    uploads.append(stack.client().upload([frozen]))
    redis.thaw()

    client = stack.client()
    for upload in uploads:
        follow(client, upload["upload_session_id"], lambda line: None)
    jobs = [job for upload in uploads for job in client.job_statuses(upload["upload_session_id"])["jobs"]]
    assert [job["status"] for job in jobs] == ["completed"] * 3
