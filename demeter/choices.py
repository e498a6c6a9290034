"""Words that rows of the wiring are kept in."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class BreakerName(TextChoices):
    """What a circuit breaker stands before."""

    STORE = "store", _("store of pictures")
    MODEL = "model", _("models that count")


class BreakerState(TextChoices):
    """The states of a circuit breaker, in pybreaker's words."""

    CLOSED = "closed", _("closed")
    HALF_OPEN = "half-open", _("half-open")
    OPEN = "open", _("open")


class AlertKind(TextChoices):
    """What people are told of."""

    BREAKER = "breaker", _("circuit breaker")
    QUEUE_WITHOUT_WORKER = "queue_without_worker", _("queue without a worker")
    OLD_JOB = "old_job", _("job that waits for long")
    TEST = "test", _("test")


class Channel(TextChoices):
    """How somebody is told."""

    EMAIL = "email", _("e-mail")
    SLACK = "slack", _("webhook as Slack takes it")
    JSON = "json", _("webhook with JSON")


class DeliveryStatus(TextChoices):
    """What became of telling somebody."""

    PENDING = "pending", _("waits")
    SENT = "sent", _("sent")
    FAILED = "failed", _("given up")
