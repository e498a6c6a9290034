"""A person has a picture named: on a phone and at a desk."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from demeter.heartbeats import record_heartbeat
from mlpipeline.classifier.models import Feedback
from mlpipeline.classifier.networks.protocols import Answer
from mlpipeline.classifier.services import answering
from tests.browser.conditions import wait_until
from tests.browser.held_requests import HeldRequests
from tests.browser.test_pages_in_browser import fits, sign_in
from tests.photos.factories import picture_bytes

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


class Certain:
    """Always of the same opinion."""

    name, sha256 = "certain", "c" * 64

    def classify(self, pictures):
        return [Answer("Siberian_husky", 0.875)] * len(pictures)


@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
def test_a_picture_is_chosen_shown_named_and_commented(open_page, stranger, monkeypatch, width):
    monkeypatch.setattr(answering, "load_classifier", Certain)
    record_heartbeat(worker="host:1", queues=["gpu_queue"], started_at=timezone.now())
    page = open_page("/classify/", width=width)
    sign_in(page, stranger)
    script = HeldRequests(page, "**/classify.js")
    page.goto("/classify/", wait_until="commit")

    picture = {"name": "planta.jpg", "mimeType": "image/jpeg", "buffer": picture_bytes()}
    page.locator("input[type=file]").set_input_files(picture)  # before the page's script has come
    script.let_go()
    expect(page.locator("[data-chosen]")).to_have_text("planta.jpg")
    wait_until(page, "document.querySelector('[data-preview]').src.startsWith('blob:')")
    assert fits(page)
    page.get_by_role("button", name="Reconocer").click()
    expect(page.get_by_text("Un modelo está mirando la imagen…")).to_be_visible()

    answering.answer_waiting()
    expect(page.locator(".answer-label")).to_have_text("Siberian husky")
    wait_until(page, "document.querySelector('.answer-picture img').naturalWidth > 0")
    assert fits(page)
    page.get_by_label("No, muestra:").fill("un gato")
    page.get_by_role("button", name="Enviar").click()
    expect(page.get_by_text("un gato")).to_be_visible()
    row = Feedback.objects.get()
    assert (row.feedback, row.predicted_class) == ("un gato", "Siberian_husky")
