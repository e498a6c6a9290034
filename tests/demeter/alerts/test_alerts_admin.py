"""Administrators say who is told, and try it; nobody else sees the addresses."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from demeter.accounts.models import User
from demeter.alerts.changes import record_change
from demeter.alerts.deliveries import deliver
from demeter.choices import AlertKind, Channel
from demeter.models import AlertDelivery, AlertRecipient, CircuitBreaker
from tests.demeter.alerts.conftest import MakeRecipient
from tests.support.http_sink import HttpSink

RECIPIENTS = "/admin/demeter/alertrecipient/"


def client_of(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


@pytest.mark.parametrize("role", ["worker", "supervisor"])
def test_others_see_neither_recipients_nor_alerts(request: pytest.FixtureRequest, role: str) -> None:
    client = client_of(request.getfixturevalue(role))
    for name in ("alertrecipient", "alert", "alertdelivery", "circuitbreaker"):
        assert client.get(f"/admin/demeter/{name}/", follow=True).status_code == 403


def test_a_recipient_is_added_and_told_of_the_next_change(admin: User, web: HttpSink) -> None:
    given = {"name": "Guardia", "channel": "json", "address": f" {web.url} ", "language": "es"}
    answer = client_of(admin).post(f"{RECIPIENTS}add/", {**given, "is_active": "on"})
    assert answer.status_code == 302
    record_change(AlertKind.OLD_JOB, "gpu_queue", is_raised=True, details={"seconds": 720, "jobs": 3})
    deliver(AlertDelivery.objects.get().pk)
    [posted] = web.posted
    assert (posted.json["language"], posted.json["details"]["jobs"]) == ("es", 3)


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("email", "https://hooks.example/a"),
        ("email", "rosa"),
        ("slack", "rosa@nursery.example"),
        ("json", "ftp://hooks.example/"),
    ],
)
def test_an_address_that_its_channel_does_not_know_is_refused(
    admin: User, channel: str, address: str
) -> None:
    given = {"name": "Guardia", "channel": channel, "address": address, "language": "es", "is_active": "on"}
    answer = client_of(admin).post(f"{RECIPIENTS}add/", given)
    assert answer.status_code == 200
    assert not AlertRecipient.objects.exists()


def test_the_button_saves_and_sends_a_test(admin: User, web: HttpSink, make_recipient: MakeRecipient) -> None:
    recipient = make_recipient(Channel.JSON, web.url)
    client = client_of(admin)
    address = reverse("admin:demeter_alertrecipient_change", args=[recipient.pk])
    button = re.search(r'<button[^>]*name="([^"]+)"[^>]*>[^<]*Save and send a test', client.get(address).text)
    assert button is not None
    form = {"name": "Night", "channel": "json", "address": web.url, "language": "en", "is_active": "on"}
    answer = client.post(address, {**form, button[1]: ""}, follow=True)
    assert "A test is on its way to Night." in answer.text
    deliver(AlertDelivery.objects.get().pk)
    assert web.posted[0].json["kind"] == "test"


def test_tests_go_to_all_that_are_chosen(admin: User, web: HttpSink, make_recipient: MakeRecipient) -> None:
    chosen = [make_recipient(Channel.JSON, f"{web.url}&n={number}").pk for number in range(2)]
    make_recipient(Channel.JSON, f"{web.url}&n=other")
    client_of(admin).post(RECIPIENTS, {"action": "send_tests", "_selected_action": chosen})
    assert sorted(AlertDelivery.objects.values_list("recipient", flat=True)) == chosen


def test_lists_show_no_secret_of_a_webhook(admin: User, web: HttpSink, make_recipient: MakeRecipient) -> None:
    make_recipient(Channel.SLACK, "https://hooks.slack.example/services/T0/B0/secret")
    record_change(AlertKind.OLD_JOB, "gpu_queue", is_raised=True, details={"seconds": 720, "jobs": 3})
    client = client_of(admin)
    for name in ("alertrecipient", "alert", "alertdelivery"):
        assert "T0/B0/secret" not in client.get(f"/admin/demeter/{name}/").text
    assert "https://hooks.slack.example/…" in client.get(RECIPIENTS).text


def test_an_alert_says_what_happened_and_who_was_told(admin: User, make_recipient: MakeRecipient) -> None:
    make_recipient(Channel.EMAIL, "rosa@nursery.example", name="Rosa")
    alert = record_change(
        AlertKind.QUEUE_WITHOUT_WORKER, "gpu_queue", is_raised=True, details={"seconds": 130}
    )
    assert alert is not None
    page = client_of(admin).get(f"/admin/demeter/alert/{alert.pk}/change/").text
    assert "No worker serves gpu_queue" in page
    assert "It has had no worker for 2 minutes" in page
    assert "Rosa" in page


def test_the_machine_room_says_which_breaker_is_open_and_since_when(admin: User) -> None:
    CircuitBreaker.objects.create(name="store", state="open", faults=5, last_fault="EndpointConnectionError")
    page = client_of(admin).get("/admin/demeter/circuitbreaker/").text
    assert "Store of pictures" in page or "store of pictures" in page
    assert "EndpointConnectionError" in page


def test_lists_ask_a_fixed_number_of_questions(
    admin: User, make_recipient: MakeRecipient, django_assert_max_num_queries: object
) -> None:
    for number in range(8):
        make_recipient(Channel.EMAIL, f"rosa{number}@nursery.example")
    record_change(AlertKind.OLD_JOB, "gpu_queue", is_raised=True, details={"seconds": 720, "jobs": 3})
    client = client_of(admin)
    for name in ("alertrecipient", "alert", "alertdelivery"):
        with django_assert_max_num_queries(12):  # type: ignore[operator]  # a fixture of pytest-django
            client.get(f"/admin/demeter/{name}/")
