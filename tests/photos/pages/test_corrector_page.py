"""The corrector's page, its plain form, and what the photo's page says of corrections."""

import re
from html import escape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from inventory.models import StockBatch
from photos.choices import StepKind, StepStatus
from photos.models import Correction, ProcessingStep
from photos.services.execution.annotation_data import drawing_data
from photos.services.results.session_lifecycle import open_session
from photos.services.review.edits import correct
from photos.services.review.validation import validate, withdraw_validation
from photos.services.steps.claims import claim_step, create_step

NEW_PLANT = {"center_x": 35.0, "center_y": 25.0, "width_px": 6.0, "height_px": 6.0, "class_name": "plant"}


@pytest.fixture
def session(make_photo, count, place):
    """One living and one dead plant and one empty cell seen, two estimated; three are booked."""
    return count(make_photo(), place)


def url(session, name: str = "photo-correct") -> str:
    return reverse(name, args=[session.image_id])


def by_hand(browser, session, living, dead=0, version=1):
    return browser.post(
        url(session, "photo-hand-count"), {"living": living, "dead": dead, "version": version}
    )


def held() -> int:
    return sum(StockBatch.objects.values_list("quantity_current", flat=True))


def test_the_page_needs_no_script_or_style_of_its_own_text(signed_in, session, worker):
    page = signed_in(worker).get(url(session)).content.decode()
    scripts = re.findall(r"<script\b([^>]*)>", page)
    assert len(scripts) == 5
    assert [s for s in scripts if "src=" not in s and 'type="application/json"' not in s] == []
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style", page)
    assert "http://" not in page
    assert "https://" not in page


def test_who_may_correct(signed_in, session, worker, other_worker, supervisor, viewer):
    assert signed_in(worker).get(url(session)).status_code == 200
    assert signed_in(supervisor).get(url(session)).status_code == 200
    assert signed_in(other_worker).get(url(session)).status_code == 404
    assert signed_in(viewer).get(url(session)).status_code == 403
    assert by_hand(signed_in(other_worker), session, 5).status_code == 404
    assert by_hand(signed_in(viewer), session, 5).status_code == 403
    assert not Correction.objects.exists()


def test_a_count_that_runs_is_not_corrected(signed_in, session, worker):
    open_session(image=session.image, user=worker)
    response = signed_in(worker).get(url(session), follow=True)
    assert "Only a finished count can be corrected." in response.content.decode()
    assert response.redirect_chain == [(url(session, "photo"), 302)]


def test_without_a_script_a_worker_counts_by_hand_and_a_supervisor_validates(
    signed_in, session, worker, supervisor
):
    response = by_hand(signed_in(worker), session, 21, 4)
    assert response.url == url(session, "photo")
    assert held() == 3
    boss = signed_in(supervisor)
    page = boss.get(url(session, "photo")).content.decode()
    assert "Corrected: 21 living, 4 dead" in page
    assert f"By {worker.name}" in page

    question = boss.get(url(session, "photo-validate"), {"count": 1, "version": 2}).content.decode()
    assert "21 living plants" in question
    assert "3 → 21" in question
    assert held() == 3
    boss.post(url(session, "photo-validate"), {"count": 1, "version": 2})
    assert held() == 21
    page = boss.get(url(session, "photo")).content.decode()
    assert "The model had detected 2 and estimated 2." in page
    assert "Corrected: 21" not in page


def test_a_supervisors_own_count_by_hand_leads_to_the_question(signed_in, session, supervisor):
    response = by_hand(signed_in(supervisor), session, 9)
    assert response.url.startswith(f"{url(session, 'photo-validate')}?count=1&")
    page = signed_in(supervisor).get(response.url)
    assert page.context["back"] == url(session, "photo")


@pytest.mark.parametrize(
    ("given", "back"),
    [
        pytest.param("/inbox/?reason=broken&page=2", "/inbox/?reason=broken&page=2", id="the inbox"),
        pytest.param("https://elsewhere.example/", None, id="an address of another server"),
        pytest.param("", None, id="none"),
    ],
)
def test_the_corrector_leads_back_to_where_one_came_from(signed_in, session, worker, supervisor, given, back):
    back = back or url(session, "photo")
    page = signed_in(supervisor).get(url(session), {"next": given})
    assert page.text.count(f'href="{escape(back)}"') >= 2
    assert parse_qs(urlsplit(page.context["settings"]["validate"]).query) == {"next": [back]}

    count = {"living": 9, "dead": 0, "next": given}
    response = signed_in(worker).post(url(session, "photo-hand-count"), {**count, "version": 1})
    assert response.url == back
    response = signed_in(supervisor).post(url(session, "photo-hand-count"), {**count, "version": 2})
    assert signed_in(supervisor).get(response.url).context["back"] == back


@pytest.mark.parametrize(("living", "dead"), [("", 0), ("-1", 0), ("12.5", 0), ("7", "x"), ("1000001", 0)])
def test_a_count_by_hand_that_is_no_number_changes_nothing(signed_in, session, worker, living, dead):
    response = by_hand(signed_in(worker), session, living, dead)
    assert response.status_code == 302
    assert not Correction.objects.exists()


def test_a_count_by_hand_over_an_old_version_is_refused_with_a_reason(signed_in, session, worker, supervisor):
    correct(session=session, user=supervisor, version=1, operations={"add": [NEW_PLANT]})
    browser = signed_in(worker)
    response = by_hand(browser, session, 9)
    assert response.url.startswith(f"{url(session)}?next=")
    assert "Somebody else has corrected this count meanwhile." in browser.get(response.url).content.decode()
    assert Correction.objects.count() == 1


def test_what_was_corrected_after_the_question_is_not_validated(signed_in, session, worker, supervisor):
    boss = signed_in(supervisor)
    boss.get(url(session, "photo-validate"), {"count": 1, "version": 1})
    correct(session=session, user=worker, version=1, operations={"add": [NEW_PLANT]})
    boss.post(url(session, "photo-validate"), {"count": 1, "version": 1})
    session.refresh_from_db()
    assert not session.validated


def test_the_overlay_shows_what_was_corrected(signed_in, session, worker):
    findings = reverse("photo-findings", args=[session.image_id, 1])
    correct(session=session, user=worker, version=1, operations={"add": [NEW_PLANT]})
    found = signed_in(worker).get(findings).json()
    boxes = zip(found["detections"]["class_name"], found["detections"]["x"], strict=True)
    assert sorted(x for name, x in boxes if name == "plant") == [10, 35]
    assert found["version"] == 2


def test_a_validated_correction_is_drawn_again_and_so_is_its_withdrawal(session, worker, supervisor):
    step = create_step(image=session.image, session=session, kind=StepKind.DRAW, key=f"{session.uuid}:draw")
    finished = ProcessingStep.objects.filter(pk=step.pk)
    finished.update(status=StepStatus.DONE)
    by_hand_of_container = {"container_id": session.containers.get().pk, "living": 30, "dead": 2}
    operations = {"add": [NEW_PLANT], "hand_counts": [by_hand_of_container]}
    correct(session=session, user=worker, version=1, operations=operations)
    validate(session=session, user=supervisor)

    claim = claim_step(step.pk)
    assert claim is not None
    drawn = drawing_data(claim)
    assert [row.class_name for row in drawn.detections] == ["plant", "dead", "empty", "plant"]
    assert [(row.detected, row.estimated, row.dead) for row in drawn.containers] == [(32, 0, 2)]
    finished.update(status=StepStatus.DONE)
    withdraw_validation(session=session, user=supervisor)
    assert finished.get().status == StepStatus.PENDING


def test_a_count_that_nobody_corrected_is_not_drawn_again(session, supervisor):
    step = create_step(image=session.image, session=session, kind=StepKind.DRAW, key=f"{session.uuid}:draw")
    ProcessingStep.objects.filter(pk=step.pk).update(status=StepStatus.DONE)
    validate(session=session, user=supervisor)
    step.refresh_from_db()
    assert step.status == StepStatus.DONE


def test_a_supervisor_finds_what_was_corrected_until_it_is_validated(signed_in, session, worker, supervisor):
    boss = signed_in(supervisor)
    assert "Corrected, not validated yet" not in boss.get("/").content.decode()
    correct(session=session, user=worker, version=1, operations={"add": [NEW_PLANT]})
    assert "?reason=corrected" in boss.get("/").content.decode()
    corrected = reverse("gallery") + "?status=corrected"
    assert url(session, "photo") in boss.get(corrected).content.decode()
    validate(session=session, user=supervisor)
    assert url(session, "photo") not in boss.get(corrected).content.decode()
    assert "?reason=corrected" not in boss.get("/").content.decode()
