"""Delivering alerts: each delivery is claimed, sent, and its end written by who claimed it."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from demeter.alerts.messages import send
from demeter.choices import DeliveryStatus
from demeter.errors import DemeterError, as_temporary
from demeter.heartbeats import queues_without_worker
from demeter.models import AlertDelivery

QUEUE: Final = "io_queue"
_LEASE: Final = timedelta(seconds=120)  # longer than any message may take
_FIRST_WAIT_S: Final = 15.0
_LONGEST_WAIT_S: Final = 900.0
_TRIED_FOR: Final = timedelta(days=1)
# A delivery that no worker has taken up for this long is sent by the process that looks.
TAKEN_UP_WITHIN: Final = timedelta(seconds=60)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DueDeliveries:
    """What waits to be delivered, by primary key."""

    for_workers: list[int]
    unserved: list[int]  # no worker takes these up: the process that looks delivers them itself

    @property
    def count(self) -> int:
        """How many are due altogether."""
        return len(self.for_workers) + len(self.unserved)


def due_deliveries() -> DueDeliveries:
    """The deliveries that are due now, those apart that no worker takes up."""
    now = timezone.now()
    due = list(AlertDelivery.objects.claimable(now).values_list("pk", "created_at", "not_before"))
    is_served = not due or not queues_without_worker([QUEUE])
    unserved = [
        pk for pk, created, later in due if not is_served or now - (later or created) > TAKEN_UP_WITHIN
    ]
    return DueDeliveries([pk for pk, _created, _later in due if pk not in unserved], unserved)


def deliver(pk: int) -> bool:
    """Send one message, if it is due and nobody else is sending it. Whether a server took it.

    A sender that dies leaves its claim until that ends; the message then goes out under the same key.
    """
    attempt = _claim(pk)
    if attempt is None:
        return False
    delivery = AlertDelivery.objects.select_related("alert", "recipient").get(pk=pk)
    try:
        send(delivery)
    except Exception as error:
        outage = as_temporary(error)
        known = outage or (error if isinstance(error, DemeterError) else None)
        code = known.code if known is not None else "internal_error"
        if known is None:
            logger.exception("Alert %d could not be sent: a fault of ours", delivery.alert_id)
        else:
            logger.warning("Alert %d was not taken for %s: %s", delivery.alert_id, delivery.recipient, code)
        is_over = timezone.now() - delivery.created_at > _TRIED_FOR
        if outage is None or is_over:
            _end(pk, attempt, status=DeliveryStatus.FAILED, error_code=code)
        else:
            _end(pk, attempt, not_before=_next_try(attempt), error_code=code)
        return False
    _end(pk, attempt, status=DeliveryStatus.SENT, sent_at=timezone.now(), error_code="")
    return True


def _claim(pk: int) -> int | None:
    """Raise the number of attempts: of two who read the same, one succeeds."""
    now = timezone.now()
    attempt = AlertDelivery.objects.claimable(now).filter(pk=pk).values_list("attempt", flat=True).first()
    if attempt is None:
        return None
    claimed = AlertDelivery.objects.filter(pk=pk, attempt=attempt, status=DeliveryStatus.PENDING).update(
        attempt=attempt + 1, claimed_until=now + _LEASE
    )
    return attempt + 1 if claimed else None


def _end(pk: int, attempt: int, **fields: Any) -> None:
    held = AlertDelivery.objects.filter(pk=pk, attempt=attempt, status=DeliveryStatus.PENDING)
    held.update(claimed_until=None, **fields)


def _next_try(attempt: int) -> datetime:
    wait_s = min(_FIRST_WAIT_S * 2.0 ** min(attempt - 1, 10), _LONGEST_WAIT_S)
    return timezone.now() + timedelta(seconds=wait_s * random.uniform(0.75, 1.25))
