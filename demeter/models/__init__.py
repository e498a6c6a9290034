"""The tables of the wiring: heartbeats, circuit breakers, and alerts with those who are told."""

from demeter.models.alerts import Alert, AlertDelivery, AlertRecipient, QueueWatch
from demeter.models.breakers import CircuitBreaker
from demeter.models.heartbeats import WorkerHeartbeat

__all__ = [
    "Alert",
    "AlertDelivery",
    "AlertRecipient",
    "CircuitBreaker",
    "QueueWatch",
    "WorkerHeartbeat",
]
