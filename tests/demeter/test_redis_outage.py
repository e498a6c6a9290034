"""Without Redis people sign in, register, send photos and look at pages: it is asked, waited for briefly, and missed.

A real server is stopped, or frozen so that it takes connections and answers nothing. Nobody measures here; a wait
without an end would run into the deadline.
"""

import pickle
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import current_app
from django.core.cache import cache
from django.test import Client
from redis import Redis as RedisClient

from demeter import broker, caches
from demeter.accounts.models import User
from demeter.accounts.views import RegistrationThrottle
from photos import queue
from photos.models import ProcessingStep
from photos.services.execution import recovery
from tests.conftest import PASSWORD, Bearer
from tests.photos.factories import photo_file
from tests.support.redis_server import RedisServer, find_redis, redis_server
from tests.support.servers import may_be_skipped

WITHIN_S = 120.0

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(may_be_skipped(find_redis()), reason="Redis is missing (apt install redis-server)"),
]


@pytest.fixture(scope="module")
def one_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(log_dir=tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis(one_server: RedisServer, settings: Any) -> Iterator[RedisServer]:
    """The server, running, as cache and broker of this process."""
    settings.CACHE_URL = f"{one_server.url}/1"
    settings.CACHES = {
        "default": {"BACKEND": "demeter.caches.RedisOrMemoryCache", "LOCATION": settings.CACHE_URL}
    }
    before = current_app.conf.broker_url, current_app.conf.broker_transport_options
    use_broker(f"{one_server.url}/0", {"socket_timeout": 3, "socket_connect_timeout": 2})
    yield one_server
    use_broker(*before)


def use_broker(url: str, options: dict[str, Any]) -> None:
    current_app.conf.broker_url, current_app.conf.broker_transport_options = url, options
    current_app._pool = None
    current_app.amqp._producer_pool = None


def stop(server: RedisServer) -> Callable[[], None]:
    server.stop()
    return server.start


def freeze(server: RedisServer) -> Callable[[], None]:
    server.freeze()
    return server.thaw


@pytest.fixture(params=[stop, freeze])
def away(request: pytest.FixtureRequest, redis: RedisServer) -> Iterator[None]:
    """Redis was used and is gone now; it comes back when the test is over."""
    cache.set("before", 1)
    current_app.send_task("sweep_steps", retry=False)
    come_back = request.param(redis)
    yield
    come_back()


def in_time(work: Callable[[], Any]) -> Any:
    """What the work returns, if it ends at all."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(work()), daemon=True)
    thread.start()
    thread.join(WITHIN_S)
    assert results, f"no answer within {WITHIN_S:.0f} s"
    return results[0]


def test_photos_are_taken_and_left_to_the_sweep(away: None, bearer: Bearer, worker: User) -> None:
    client = bearer(worker)

    def upload(number: int) -> int:
        answer = client.post("/api/v1/photos/upload", {"files": photo_file(number)}, format="multipart")
        return int(answer.status_code)

    assert in_time(lambda: [upload(number) for number in range(3)]) == [202, 202, 202]
    assert ProcessingStep.objects.filter(sent_at=None).count() == 9


def test_signing_in_registering_and_pages_answer(away: None, worker: User) -> None:
    client = Client()
    signed_in = in_time(lambda: client.post("/login", {"username": worker.email, "password": PASSWORD}))
    form = {"username": worker.email, "password": PASSWORD}
    page = in_time(lambda: client.post("/sign-in/", form, follow=True))
    new = {"name": "Ana", "email": "ana@nursery.example", "password": PASSWORD}
    registered = in_time(lambda: Client().post("/user/", new, content_type="application/json"))
    assert (signed_in.status_code, page.status_code, registered.status_code) == (200, 200, 201)
    assert in_time(lambda: client.get("/photos/")).status_code == 200


def test_throttles_and_locks_go_on_counting(
    away: None, worker: User, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.LOGIN_FAILURES_PER_HOUR = 2
    monkeypatch.setattr(RegistrationThrottle, "THROTTLE_RATES", {"registration": "2/hour"})

    def register(number: int) -> int:
        new = {"name": "Ana", "email": f"ana{number}@nursery.example", "password": PASSWORD}
        return int(Client().post("/user/", new, content_type="application/json").status_code)

    def sign_in() -> int:
        return int(Client().post("/login", {"username": worker.email, "password": "wrong"}).status_code)

    assert in_time(lambda: [register(number) for number in range(3)]) == [201, 201, 429]
    assert in_time(lambda: [sign_in() for _ in range(3)]) == [401, 401, 429]


def test_only_the_first_who_misses_it_waits(away: None, caplog: pytest.LogCaptureFixture) -> None:
    assert in_time(lambda: [cache.get("before") for _ in range(50)]) == [None] * 50
    assert caplog.text.count("The cache does not answer") == 1


def test_when_it_is_back_counts_and_messages_go_through_it_again(
    redis: RedisServer, bearer: Bearer, worker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis.stop()
    bearer(worker).post("/api/v1/photos/upload", {"files": photo_file(1)}, format="multipart")
    cache.set("count", 1)
    redis.start()
    monkeypatch.setattr(broker, "_away_until", 0.0)  # the pauses are over
    caches._away_until.clear()
    ProcessingStep.objects.update(created_at="2026-01-01T00:00:00Z")
    queue.send_steps_again(in_time(lambda: recovery.find_lost_steps(queue.is_queue_empty)))
    assert not ProcessingStep.objects.filter(sent_at=None).exists()
    assert not queue.is_queue_empty("upload_original")
    assert cache.get("count") is None  # that was this process's own
    cache.set("count", [1.5, 2])
    assert cache.get("count") == [1.5, 2]
    cache.set("whole", 1)
    assert cache.incr("whole", 2) == cache.get("whole") == 3


def test_what_lies_in_redis_is_json_and_is_never_unpickled(redis: RedisServer) -> None:
    cache.set("history", [1.5, 2.5])
    with RedisClient.from_url(f"{redis.url}/1") as client:
        [key] = client.keys("*history")
        assert client.get(key) == b"[1.5, 2.5]"
        client.set(key, pickle.dumps(Bomb()))
        with pytest.raises(ValueError):
            cache.get("history")
        client.delete(key)
    assert not BOMBS


BOMBS: list[str] = []


class Bomb:
    """Tells if it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return BOMBS.append, ("gone off",)
