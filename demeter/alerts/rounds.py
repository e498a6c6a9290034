"""The round that beat asks for every few seconds: notice, tell, and have breakers probed."""

from __future__ import annotations

import logging
import threading
from typing import Final

from django.conf import settings
from django.db import Error as DatabaseFault
from pybreaker import STATE_CLOSED

from demeter.alerts.deliveries import deliver, due_deliveries
from demeter.alerts.queue import send_messages, send_probes
from demeter.alerts.watch import record_changes
from demeter.beat import BEAT
from demeter.breakers.breaker import seconds_left, storage_of
from demeter.connections import release_connection
from demeter.heartbeats import queues_without_worker

WATCH_EVERY_S: Final = 10.0
_SWEEP_QUEUE: Final = "default"
_MAX_DELIVERED_HERE: Final = 5  # in one round: each may take ten seconds

logger = logging.getLogger(__name__)


def watch_and_notify() -> None:
    """One round. Several processes may make it at once: rows see to it that each change is told once."""
    for alert in record_changes():
        logger.warning("Alert: %s, %s", alert, "broken" if alert.is_raised else "well again")
    send_due()
    # Without work that waits, nobody else would try a service that was away.
    due_probes = [limits["probe"] for name, limits in settings.CIRCUIT_BREAKERS.items() if _is_due(name)]
    send_probes(due_probes, expires_s=WATCH_EVERY_S)


def send_due() -> int:
    """Have what waits delivered: by workers, or by this process where none takes it up. How many were due."""
    due = due_deliveries()
    send_messages(due.for_workers)
    for pk in due.unserved[:_MAX_DELIVERED_HERE]:
        deliver(pk)
    return due.count


def _is_due(name: str) -> bool:
    seen = storage_of(name).snapshot()
    return seen.state != STATE_CLOSED and seconds_left(name, seen) == 0


class AlertKeeper(threading.Thread):
    """Makes the round itself while no beat or no worker of `default` lives to make it; in the process that starts them.

    So people are told too when everything but the supervisor is down.
    """

    def __init__(self, *, every_s: float = WATCH_EVERY_S) -> None:
        super().__init__(name="alerts", daemon=True)
        self._every_s = every_s
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.wait(self._every_s):
            self.check()

    def stop(self) -> None:
        """End the thread; a message that is just being sent is not waited for."""
        self._stopped.set()

    def check(self) -> None:
        """One round, if nobody else makes it. Nothing that goes wrong here may end the watch."""
        try:
            if queues_without_worker([_SWEEP_QUEUE, BEAT]):
                watch_and_notify()
        except DatabaseFault as error:
            logger.warning("Nobody can be told of anything: %s", type(error).__name__)
        except Exception:
            logger.exception("The watch for alerts failed; it goes on.")
        finally:
            release_connection()
