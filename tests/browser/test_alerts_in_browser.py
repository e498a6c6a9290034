"""An administrator names who is told, and tries it; the machine room says what is open."""

import os
import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from demeter.alerts.changes import record_change
from demeter.alerts.deliveries import deliver
from demeter.choices import AlertKind
from demeter.models import AlertDelivery, CircuitBreaker
from tests.browser.test_pages_in_browser import sign_in
from tests.support.http_sink import http_sink

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_a_recipient_is_added_tried_and_told(open_page, admin, settings):
    settings.ALERT_WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    shots = os.environ.get("SHOTS")

    def shoot(page, name):
        if shots:
            page.screenshot(path=f"{shots}/{name}.png", full_page=True)

    CircuitBreaker.objects.create(
        name="store", state="open", faults=5, last_fault="EndpointConnectionError", opened_at=timezone.now()
    )
    with http_sink() as web:
        page = open_page("/photos/")
        sign_in(page, admin)
        page.goto("/admin/demeter/alertrecipient/add/")
        page.get_by_label("Nombre").fill("Guardia")
        page.locator("select[name=channel]").select_option("json")
        page.locator("input[name=address]").fill(web.url)
        shoot(page, "recipient")
        page.get_by_role("button", name="Guardar y continuar editando").click()
        page.get_by_role("button", name="Guardar y mandar una prueba").click()
        expect(page.get_by_text(re.compile("Va una prueba en camino a Guardia"))).to_be_visible()
        shoot(page, "recipients")
        deliver(AlertDelivery.objects.get().pk)
        record_change(
            AlertKind.BREAKER,
            "store",
            is_raised=True,
            details={"faults": 5, "fault": "EndpointConnectionError"},
        )
        deliver(AlertDelivery.objects.latest("pk").pk)
        assert [posted.json["kind"] for posted in web.posted] == ["test", "breaker"]
    page.goto("/admin/demeter/alert/")
    shoot(page, "alerts")
    page.get_by_role("link", name="El almacén de fotos no responde").click()
    expect(page.get_by_text("Fallaron 5 llamadas seguidas (EndpointConnectionError).")).to_be_visible()
    shoot(page, "alert")
    page.goto("/admin/demeter/circuitbreaker/")
    expect(page.get_by_role("cell", name="abierto")).to_be_visible()
    shoot(page, "breakers")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/admin/demeter/alertrecipient/")
    shoot(page, "recipients-phone")
