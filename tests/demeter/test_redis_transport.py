"""A worker with one slot takes the next message, although Redis did not hear that the one before is done."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from kombu import Connection, Consumer, Exchange, Queue
from kombu.message import Message

from tests.support.redis_server import RedisServer, find_redis, redis_server
from tests.support.servers import may_be_skipped

WITHIN_S = 120.0
QUEUE = Queue("slots", Exchange("slots"), routing_key="slots")

pytestmark = pytest.mark.skipif(
    may_be_skipped(find_redis()), reason="Redis is missing (apt install redis-server)"
)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(log_dir=tmp_path) as server:
        yield server


class OneSlot:
    """A consumer that holds one message at a time, as a solo worker does."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._taken: list[Message] = []
        consumer = Consumer(connection, [QUEUE], on_message=self._taken.append, prefetch_count=1)
        consumer.consume()

    def take(self, *, within_s: float = WITHIN_S) -> Message:
        while not self._taken:
            self._connection.drain_events(timeout=within_s)
        return self._taken.pop()


@pytest.mark.parametrize("end", [Message.ack, Message.reject], ids=["ack", "reject"])
def test_a_slot_is_free_again_although_redis_was_not_told(redis: RedisServer, end: Any) -> None:
    options = {"socket_timeout": 1, "socket_connect_timeout": 1}
    with current_app.connection_for_read(f"{redis.url}/0", transport_options=options) as connection:
        with connection.SimpleQueue(QUEUE) as queue:
            queue.put("first")
            queue.put("second")
        slot = OneSlot(connection)
        first = slot.take()
        with pytest.raises(TimeoutError):
            slot.take(within_s=0.5)  # the only slot is taken

        redis.freeze()
        with pytest.raises(connection.connection_errors):
            end(first)
        redis.thaw()

        assert slot.take().payload == "second"


def test_every_redis_url_uses_it() -> None:
    for scheme in ("redis", "rediss"):
        assert current_app.connection_for_write(f"{scheme}://localhost/0").transport_cls is not None
        transport = current_app.connection_for_write(f"{scheme}://localhost/0").transport
        assert type(transport).__module__ == "demeter.redis_transport"
