"""Sinks that take what is sent, and recipients that lead there."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from demeter.choices import Channel
from demeter.models import AlertRecipient
from tests.support.http_sink import HttpSink, http_sink
from tests.support.smtp_sink import SmtpSink, smtp_sink

MakeRecipient = Callable[..., AlertRecipient]


@pytest.fixture
def web(settings: Any) -> Iterator[HttpSink]:
    """A webhook on this machine, which is allowed here."""
    settings.ALERT_WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    with http_sink() as sink:
        yield sink


@pytest.fixture
def mail(settings: Any) -> Iterator[SmtpSink]:
    """The mail server that is set."""
    with smtp_sink() as sink:
        settings.EMAIL_URL = sink.url
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        settings.DEFAULT_FROM_EMAIL = "DemeterAI <demeter@nursery.example>"
        yield sink


@pytest.fixture
def make_recipient(db: None) -> MakeRecipient:
    def make(channel: Channel, address: str, **fields: Any) -> AlertRecipient:
        number = AlertRecipient.objects.count()
        return AlertRecipient.objects.create(
            channel=channel, address=address, **{"name": f"recipient {number}", "language": "en", **fields}
        )

    return make
