"""Sending the tasks of the wiring: messages of alerts, probes of services. The next round repeats what is lost."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from celery import current_app
from django.db import transaction

from demeter.alerts.deliveries import TAKEN_UP_WITHIN
from demeter.broker import BrokerAway, reachable_broker

SEND: Final = "send_alert"

logger = logging.getLogger(__name__)


def send_messages(pks: Iterable[int]) -> None:
    """Send a task for each delivery, once its row is committed."""
    waiting = list(pks)

    def send_all() -> None:
        try:
            with reachable_broker():
                for pk in waiting:
                    current_app.send_task(
                        SEND, args=[pk], retry=False, expires=TAKEN_UP_WITHIN.total_seconds()
                    )
        except BrokerAway as error:
            logger.warning("%s Left to the next round: %d alerts", error, len(waiting))

    transaction.on_commit(send_all, robust=True)


def send_probes(tasks: Iterable[str], *, expires_s: float) -> None:
    """Have services tried that were away: each by the task that its circuit breaker names."""
    names = list(tasks)
    try:
        with reachable_broker():
            for name in names:
                current_app.send_task(name, retry=False, expires=expires_s)
    except BrokerAway as error:
        logger.warning("%s Left to the next round: %s", error, ", ".join(names))
