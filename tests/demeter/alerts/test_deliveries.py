"""Each recipient is told of each change once, in his language; what is not taken is tried again, or given up."""

import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from demeter.alerts.changes import record_change, record_test
from demeter.alerts.deliveries import deliver
from demeter.alerts.rounds import send_due
from demeter.choices import AlertKind, Channel, DeliveryStatus
from demeter.heartbeats import record_heartbeat
from demeter.models import Alert, AlertDelivery
from tests.demeter.alerts.conftest import MakeRecipient
from tests.support.http_sink import HttpSink
from tests.support.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db

FACTS = {"since": "2026-11-28T10:00:00+00:00", "faults": 5, "fault": "EndpointConnectionError"}


def opened() -> Alert:
    alert = record_change(AlertKind.BREAKER, "store", is_raised=True, details=FACTS)
    assert alert is not None
    return alert


def send_all(times: int = 1) -> None:
    """Deliver what is due, as often as messages may come."""
    for _ in range(times):
        for pk in AlertDelivery.objects.values_list("pk", flat=True):
            deliver(pk)


def only_delivery() -> AlertDelivery:
    return AlertDelivery.objects.get()


def test_every_active_recipient_is_told_once_of_a_change(
    mail: SmtpSink, web: HttpSink, make_recipient: MakeRecipient
) -> None:
    make_recipient(Channel.EMAIL, "rosa@nursery.example")
    make_recipient(Channel.JSON, web.url)
    make_recipient(Channel.EMAIL, "old@nursery.example", is_active=False)
    alert = opened()
    assert record_change(AlertKind.BREAKER, "store", is_raised=True, details=FACTS) is None
    send_all(times=3)
    [message] = mail.mails
    [posted] = web.posted
    assert message["To"] == "rosa@nursery.example"
    assert message["Subject"] == "[DemeterAI] The store of pictures is away"
    assert f"/admin/demeter/alert/{alert.pk}/change/" in message.get_content()
    assert "5 calls in a row failed (EndpointConnectionError)" in message.get_content()
    assert posted.path == "/hook?token=secret"
    assert posted.json["is_raised"] is True
    assert (posted.json["kind"], posted.json["subject"]) == ("breaker", "store")
    assert posted.json["link"].endswith(f"/admin/demeter/alert/{alert.pk}/change/")
    assert set(AlertDelivery.objects.values_list("status", flat=True)) == {DeliveryStatus.SENT}


def test_a_message_carries_the_key_of_its_delivery(
    mail: SmtpSink, web: HttpSink, make_recipient: MakeRecipient
) -> None:
    make_recipient(Channel.EMAIL, "rosa@nursery.example")
    make_recipient(Channel.JSON, web.url)
    opened()
    send_all()
    keys = {
        delivery.recipient.channel: delivery.key
        for delivery in AlertDelivery.objects.select_related("recipient")
    }
    assert mail.mails[0]["Message-ID"] == f"<{keys['email']}@nursery.example>"
    assert web.posted[0].headers["idempotency-key"] == str(keys["json"])


def test_each_reads_his_own_language(mail: SmtpSink, make_recipient: MakeRecipient) -> None:
    make_recipient(Channel.EMAIL, "rosa@nursery.example", language="es")
    make_recipient(Channel.EMAIL, "ann@nursery.example", language="en")
    opened()
    send_all()
    subjects = {message["To"]: message["Subject"] for message in mail.mails}
    assert subjects["ann@nursery.example"] == "[DemeterAI] The store of pictures is away"
    assert "almacén" in subjects["rosa@nursery.example"]


def test_slack_gets_its_form_and_no_markup_of_others(web: HttpSink, make_recipient: MakeRecipient) -> None:
    make_recipient(Channel.SLACK, web.url)
    record_change(
        AlertKind.BREAKER, "store", is_raised=True, details={**FACTS, "fault": "<!channel> & <script>"}
    )
    send_all()
    [posted] = web.posted
    assert set(posted.json) == {"text"}
    assert "&lt;!channel&gt; &amp; &lt;script&gt;" in posted.json["text"]
    assert "|The store of pictures is away>" in posted.json["text"]


def test_a_server_that_is_busy_is_asked_again_later_and_longer_each_time(
    web: HttpSink, make_recipient: MakeRecipient
) -> None:
    make_recipient(Channel.JSON, web.url)
    opened()
    web.status = 503
    waits = []
    for _ in range(8):
        AlertDelivery.objects.update(not_before=None)
        began = timezone.now()
        send_all(times=2)  # the second comes too early
        delivery = only_delivery()
        assert delivery.status == DeliveryStatus.PENDING
        assert delivery.not_before is not None
        waits.append((delivery.not_before - began).total_seconds())
    assert len(web.posted) == 8
    assert waits[0] < 30
    assert 600 < waits[-1] < 1200
    web.status = 200
    AlertDelivery.objects.update(not_before=None)
    send_all(times=2)
    assert len(web.posted) == 9
    assert only_delivery().status == DeliveryStatus.SENT


def test_after_a_day_it_is_given_up(web: HttpSink, make_recipient: MakeRecipient) -> None:
    make_recipient(Channel.JSON, web.url)
    opened()
    web.status = 503
    AlertDelivery.objects.update(created_at=timezone.now() - timedelta(days=2))
    send_all()
    assert (only_delivery().status, only_delivery().error_code) == (DeliveryStatus.FAILED, "busy")


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        (404, "refused", DeliveryStatus.FAILED),
        (302, "refused", DeliveryStatus.FAILED),
        (429, "busy", DeliveryStatus.PENDING),
        (500, "busy", DeliveryStatus.PENDING),
    ],
)
def test_what_a_webhook_answers_decides_whether_it_is_asked_again(
    web: HttpSink, make_recipient: MakeRecipient, status: int, code: str, state: str
) -> None:
    make_recipient(Channel.JSON, web.url)
    opened()
    web.status, web.headers = status, {"Location": web.url}
    send_all()
    assert (only_delivery().status, only_delivery().error_code) == (state, code)
    assert len(web.posted) == 1  # no redirect is followed


@pytest.mark.parametrize(
    ("refusal", "code", "state"),
    [
        ("550 No such user", "refused", DeliveryStatus.FAILED),
        ("451 Try again later", "busy", DeliveryStatus.PENDING),
    ],
)
def test_what_a_mail_server_answers_decides_whether_it_is_asked_again(
    mail: SmtpSink, make_recipient: MakeRecipient, refusal: str, code: str, state: str
) -> None:
    make_recipient(Channel.EMAIL, "rosa@nursery.example")
    opened()
    mail.refusal = refusal
    send_all()
    assert (only_delivery().status, only_delivery().error_code) == (state, code)
    assert mail.mails == []


def test_a_mail_server_that_is_away_is_tried_again(
    mail: SmtpSink, make_recipient: MakeRecipient, settings: Any
) -> None:
    make_recipient(Channel.EMAIL, "rosa@nursery.example")
    opened()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken, and not listened on
        settings.EMAIL_PORT = nobody.getsockname()[1]
        send_all()
    assert (only_delivery().status, only_delivery().error_code) == (DeliveryStatus.PENDING, "no_answer")


def test_without_a_mail_server_the_delivery_says_so(make_recipient: MakeRecipient, settings: Any) -> None:
    settings.EMAIL_URL = ""
    make_recipient(Channel.EMAIL, "rosa@nursery.example")
    opened()
    send_all()
    assert (only_delivery().status, only_delivery().error_code) == (DeliveryStatus.FAILED, "no_mail_server")


def test_a_test_reaches_one_recipient_alone(web: HttpSink, make_recipient: MakeRecipient) -> None:
    recipient = make_recipient(Channel.JSON, web.url)
    make_recipient(Channel.JSON, f"{web.url}&other")
    for _ in range(2):
        deliver(record_test(recipient).pk)
    assert [posted.path for posted in web.posted] == ["/hook?token=secret"] * 2
    assert web.posted[0].json["kind"] == "test"


def test_while_nobody_serves_the_queue_whoever_looks_sends_himself(
    web: HttpSink, make_recipient: MakeRecipient
) -> None:
    make_recipient(Channel.JSON, web.url)
    opened()
    assert send_due() == 1
    assert only_delivery().status == DeliveryStatus.SENT


def test_while_a_worker_serves_the_queue_it_is_left_to_it(
    web: HttpSink, make_recipient: MakeRecipient
) -> None:
    record_heartbeat(worker="here:1", queues=["io_queue"], started_at=timezone.now())
    make_recipient(Channel.JSON, web.url)
    opened()
    assert send_due() == 1
    assert only_delivery().status == DeliveryStatus.PENDING
    AlertDelivery.objects.update(created_at=timezone.now() - timedelta(minutes=2))  # no worker took it up
    send_due()
    assert only_delivery().status == DeliveryStatus.SENT


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_many_who_send_at_once_one_does(web: HttpSink, make_recipient: MakeRecipient) -> None:
    make_recipient(Channel.JSON, web.url)
    opened()
    pk = only_delivery().pk

    def send_one(_number: int) -> bool:
        try:
            return deliver(pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(send_one, range(8)))
    assert len(web.posted) == 1


def test_a_sender_that_dies_is_followed_by_another_under_the_same_key(
    web: HttpSink, make_recipient: MakeRecipient
) -> None:
    make_recipient(Channel.JSON, web.url)
    opened()
    delivery = only_delivery()
    AlertDelivery.objects.update(attempt=1, claimed_until=timezone.now() + timedelta(minutes=1))
    send_all()
    assert web.posted == []  # somebody may still be sending
    AlertDelivery.objects.update(claimed_until=timezone.now())
    send_all()
    [posted] = web.posted
    assert posted.headers["idempotency-key"] == str(delivery.key)
