"""kombu's Redis transport, with a worker that goes on after an acknowledgement that Redis did not take.

The worker takes as many messages as it has slots, and a message leaves its slot when it is acknowledged. kombu keeps
the slot where that fails (Redis away or frozen in that moment), although the connection that messages come on may
live: a worker with one slot then lives, and never takes a message again.
"""

from typing import Any, Final

from kombu.transport import TRANSPORT_ALIASES, redis

SCHEMES: Final = ("redis", "rediss")


class QoS(redis.QoS):
    """Frees the slot of a message in any case.

    Redis keeps what it was not told about and delivers it again after `visibility_timeout`: a step that is done
    already is claimed by nobody.
    """

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        except Exception:
            self._quick_ack(delivery_tag)
            raise

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        try:
            super().reject(delivery_tag, requeue=requeue)
        except Exception:
            self._quick_ack(delivery_tag)
            raise


class Channel(redis.Channel):
    """A channel that acknowledges by the `QoS` above."""

    QoS = QoS


class Transport(redis.Transport):
    """The transport that `register` names to kombu; its channels are those above."""

    Channel: Any = Channel


def register() -> None:
    """Let every broker URL of Redis use this transport."""
    TRANSPORT_ALIASES.update(dict.fromkeys(SCHEMES, f"{__name__}:Transport"))
