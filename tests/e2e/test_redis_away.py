"""Redis stops in the middle of the work and comes back empty: photos are taken meanwhile, and none is forgotten."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demeter.demo.accounts import WORKER
from tests.photos.factories import picture_bytes
from tests.support.http import Browser
from tests.support.redis_server import RedisServer, find_redis, redis_server
from tests.support.servers import may_be_skipped
from tests.support.waiting import reached
from tests.support.web import Web, running_web

WITHIN_S = 180.0  # workers wait up to 30 s before they look for Redis again

pytestmark = pytest.mark.skipif(
    may_be_skipped(find_redis()), reason="Redis is missing (apt install redis-server)"
)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(log_dir=tmp_path / "redis") as server:
        yield server


@pytest.fixture
def web(redis: RedisServer, tmp_path: Path) -> Iterator[Web]:
    """The web server, the workers that store photos and look for lost work, and beat; nothing that counts."""
    servers = {"CELERY_BROKER_URL": f"{redis.url}/0", "CACHE_URL": f"{redis.url}/1", "SWEEP_EVERY_S": "1"}
    with running_web(tmp_path, servers, beside=("worker-io", "worker-default", "beat")) as running:
        yield running


def test_photos_that_are_sent_while_redis_is_away_are_stored_when_it_is_back(
    redis: RedisServer, web: Web, tmp_path: Path
) -> None:
    photos = [tmp_path / f"{number}.jpg" for number in range(3)]
    for number, photo in enumerate(photos):
        photo.write_bytes(picture_bytes(number))
    unsent = "SELECT COUNT(*) FROM processing_steps WHERE sent_at IS NULL AND status = 'pending'"
    stored = "SELECT COUNT(*) FROM processing_steps WHERE kind LIKE 'upload_%' AND status = 'done'"

    web.client().upload(photos[:1])
    assert reached(lambda: web.value(stored) == 2, within_s=WITHIN_S), "the original and its thumbnail"

    redis.stop()
    web.client().upload(photos[1:2])  # signed in anew
    person = Browser("127.0.0.1", web.port)
    assert person.sign_in("/sign-in/", WORKER.email, WORKER.password).status == 302
    assert person.get("/photos/").status == 200
    assert web.value(unsent) == 3

    redis.start()
    assert reached(lambda: web.value(stored) == 4, within_s=WITHIN_S)

    redis.freeze()
    web.client().upload(photos[2:])
    redis.thaw()
    assert reached(lambda: web.value(stored) == 6, within_s=WITHIN_S)
