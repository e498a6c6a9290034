"""Following uploads, solving what waits in its dialog, and the inbox, as people use them in a browser."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from photos.choices import BookingState, Stage
from photos.models import ProcessingSession, UploadJob, UploadSession
from photos.services.results.session_lifecycle import fail_session, open_session
from photos.services.steps import jobs
from tests.browser.test_pages_in_browser import fits, sign_in
from tests.conftest import PASSWORD
from tests.inventory.factories import (
    ProductFactory,
    ProductStateFactory,
    StorageLocationConfigFactory,
    StorageLocationFactory,
)
from tests.photos.count_builders import count_photo, store_photo
from tests.photos.factories import finish_count

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def place():
    return StorageLocationConfigFactory().storage_location


@pytest.fixture
def upload(worker):
    return UploadSession.objects.create(user=worker)


def being_counted(worker, upload, place) -> ProcessingSession:
    image = store_photo(worker, upload=upload)
    session = open_session(image=image, user=worker, location=place)
    UploadJob.objects.create(
        upload_session=upload, image=image, session=session, filename=image.original_filename,
        position=upload.jobs.count(),
    )  # fmt: skip
    jobs.enter_stage(session, Stage.DETECTING)
    return session


def overall(page: Page):
    return page.locator("[data-summary=progress]").first


@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
def test_a_missing_place_is_named_in_the_dialog(open_page, worker, place, width):
    session = count_photo(store_photo(worker))
    page = open_page("/jobs/", width=width)
    sign_in(page, worker)
    expect(page.get_by_text("No se conoce el lugar")).to_be_visible()
    assert fits(page)

    page.get_by_role("link", name="Decir qué lugar es").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Buscar otro lugar").fill(place.code)
    dialog.get_by_role("button", name="Buscar").click()
    dialog.get_by_role("button", name=place.code).click()
    expect(dialog.get_by_text("0 → 3")).to_be_visible()
    dialog.get_by_role("button", name="Este es el lugar").click()

    expect(dialog).to_be_hidden()
    expect(page.locator("#messages")).to_contain_text("El stock quedó registrado", ignore_case=True)
    expect(page.locator(".job.is-done")).to_have_count(1)
    expect(page.locator(".job.is-waiting")).to_have_count(0)
    session.refresh_from_db()
    assert session.booking_state == BookingState.BOOKED
    assert page.url.endswith("/jobs/")


def test_what_has_come_into_the_dialog_works_at_once(open_page, worker, place):
    """A click in the moment between would be one on a link or a form without htmx, and leave the page."""
    count_photo(store_photo(worker))
    page = open_page("/jobs/")
    sign_in(page, worker)
    page.evaluate("() => { window.setTimeout = () => 0; window.isStillHere = true; }")  # no such moment ends

    page.get_by_role("link", name="Decir qué lugar es").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Buscar otro lugar").fill(place.code)
    dialog.get_by_role("button", name="Buscar").click()
    expect(dialog.get_by_role("button", name=place.code)).to_be_visible()
    assert page.evaluate("window.isStillHere") is True


def test_a_missing_configuration_is_given_in_the_dialog(open_page, admin):
    session = count_photo(store_photo(admin), StorageLocationFactory())
    product, state = ProductFactory(), ProductStateFactory()
    page = open_page("/jobs/")
    sign_in(page, admin)

    page.get_by_role("link", name="Resolver").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Producto").select_option(str(product.pk))
    dialog.get_by_label("Estado").select_option(str(state.pk))
    dialog.get_by_role("button", name="Ver qué cambia").click()
    dialog.get_by_role("button", name="Eso crece acá").click()

    expect(page.locator(".job.is-done")).to_have_count(1)
    session.refresh_from_db()
    assert (session.booking_state, session.product) == (BookingState.BOOKED, product)


def test_the_bar_reaches_100_with_a_failed_file_which_says_why(open_page, worker, upload, place):
    good, bad = being_counted(worker, upload, place), being_counted(worker, upload, place)
    page = open_page(f"/uploads/{upload.pk}/")
    sign_in(page, worker)
    expect(overall(page)).to_have_js_property("value", 10)

    fail_session(bad, code="unreadable_image", message="damaged")
    expect(page.get_by_text("La foto está dañada")).to_be_visible()
    expect(overall(page)).to_have_js_property("value", 55)
    expect(page.get_by_role("button", name="Probar de nuevo")).to_be_visible()

    with page.expect_response(
        lambda response: "/jobs/status" in response.url and '"failed":1' in response.text()
    ):
        finish_count(good, detected=4)
    expect(page.locator(".job.is-running")).to_have_count(0)
    status = page.evaluate(
        "(address) => fetch(address).then((response) => response.json())",
        f"/api/v1/photos/jobs/status?upload_session_id={upload.pk}",
    )
    assert status["summary"]["overall_progress_percent"] == 100
    page.reload()
    expect(page.get_by_text("La foto está dañada")).to_be_visible()


def test_the_page_of_a_photo_that_is_being_counted_shows_the_result_by_itself(
    open_page, worker, upload, place
):
    session = being_counted(worker, upload, place)
    page = open_page(f"/photos/{session.image_id}/")
    sign_in(page, worker)
    expect(page.locator("[data-percent]")).to_have_text("10 %")
    UploadJob.objects.filter(session=session).update(progress_percent=40)
    expect(page.locator("[data-percent]")).to_have_text("40 %")

    finish_count(session, detected=4)

    expect(page.locator(".count-total")).to_contain_text("4")


def test_a_refusal_to_try_again_is_said_in_a_dialog(open_page, worker, upload, place):
    failed = being_counted(worker, upload, place)
    fail_session(failed, code="unreadable_image", message="damaged")
    page = open_page("/jobs/")
    sign_in(page, worker)
    again = page.get_by_role("button", name="Probar de nuevo")
    expect(again).to_be_visible()
    open_session(image=failed.image, user=worker, location=place)  # as from another tab

    again.click()

    expect(page.get_by_role("dialog")).to_contain_text("Esta foto ya se está contando.")


def test_a_server_that_is_away_is_said_and_asked_again(open_page, worker, upload, place):
    session = being_counted(worker, upload, place)
    page = open_page("/jobs/", requests_fail=True)
    sign_in(page, worker)
    page.route("**/jobs/status**", lambda route: route.abort())
    expect(page.locator("[data-lost]")).to_be_visible()
    UploadJob.objects.filter(session=session).update(progress_percent=40)
    expect(page.locator("[data-percent]")).to_have_text("10 %")

    page.unroute("**/jobs/status**")

    expect(page.locator("[data-percent]")).to_have_text("40 %")
    expect(page.locator("[data-lost]")).to_be_hidden()


def test_who_is_signed_out_signs_in_again_in_a_dialog_over_the_page(open_page, worker, upload, place):
    session = being_counted(worker, upload, place)
    waiting = count_photo(store_photo(worker))
    page = open_page("/jobs/", requests_fail=True)
    sign_in(page, worker)
    page.evaluate("window.isStillHere = true")
    Session.objects.all().delete()

    again = page.locator("[data-sign-in-again]")
    expect(again).to_be_visible()
    again.get_by_label("Correo electrónico").fill(worker.email)
    again.get_by_label("Contraseña").fill(PASSWORD)
    again.get_by_role("button", name="Ingresar").click()

    expect(again).to_be_hidden()
    expect(page.locator("[data-signed-out]")).to_be_hidden()
    UploadJob.objects.filter(session=session).update(progress_percent=40)
    expect(page.locator("[data-percent]")).to_have_text("40 %")
    # A form of the page works on: its token is that of the new session.
    page.get_by_role("link", name="Decir qué lugar es").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Mover a la papelera").click()
    expect(dialog.get_by_role("heading", name="Qué cambia")).to_be_visible()
    dialog.get_by_role("button", name="Mover a la papelera").click()
    expect(page.locator("#messages")).to_contain_text("papelera")
    waiting.image.refresh_from_db()
    assert waiting.image.deleted_at is not None
    assert page.evaluate("window.isStillHere") is True


def three_that_wait(user):
    """Counts at a place each, with something that a supervisor must look at."""
    return [
        count_photo(
            store_photo(user), StorageLocationConfigFactory().storage_location, warnings=["partial_count"]
        )
        for _ in range(3)
    ]


@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
def test_the_inbox_goes_by_keys_and_the_next_comes_by_itself(open_page, supervisor, width):
    counts = three_that_wait(supervisor)
    names = [count.storage_location.name for count in counts]
    page = open_page("/inbox/", width=width)
    sign_in(page, supervisor)
    title = page.locator("#item-title")
    expect(title).to_have_text(names[0])
    assert fits(page)

    page.keyboard.press("j")
    expect(title).to_have_text(names[1])
    page.keyboard.press("k")
    expect(title).to_have_text(names[0])
    page.keyboard.press("a")
    expect(title).to_have_text(names[1])
    expect(page.locator("#messages")).to_contain_text("1 conteo aprobado.")

    counts[0].refresh_from_db()
    assert (counts[0].booking_state, counts[0].validated_by) == (BookingState.BOOKED, supervisor)
    page.get_by_role("link", name="Rechazar", exact=True).click()
    expect(page.get_by_role("heading", name="Qué cambia")).to_be_visible()
    page.get_by_role("link", name="Cancelar").click()
    expect(title).to_have_text(names[1])
    page.get_by_role("link", name="Rechazar", exact=True).click()
    page.get_by_role("button", name="Mover a la papelera").click()
    expect(title).to_have_text(names[2])
    expect(page.locator(".inbox-line")).to_have_count(1)
    page.keyboard.press("x")
    page.get_by_role("button", name="Rechazar lo elegido").click()
    expect(page.get_by_role("heading", name="Qué cambia")).to_be_visible()


def test_a_held_key_approves_one_count_of_the_inbox_and_no_more(open_page, supervisor):
    counts = three_that_wait(supervisor)
    names = [count.storage_location.name for count in counts]
    page = open_page("/inbox/")
    sign_in(page, supervisor)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    title = page.locator("#item-title")
    expect(title).to_have_text(names[0])

    page.keyboard.down("a")
    expect(title).to_have_text(names[1])
    page.keyboard.down("a")  # held: as the keyboard repeats it
    page.keyboard.up("a")
    page.keyboard.press("j")
    expect(title).to_have_text(names[2])
    assert len(sent) == 1


def test_the_menu_of_a_worker_lies_at_the_bottom_of_a_phone(open_page, worker):
    page = open_page("/jobs/", width=390)
    sign_in(page, worker)

    menu = page.get_by_role("navigation", name="Menú principal")
    box = menu.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] == pytest.approx(844, abs=1)
    assert menu.get_by_role("link").all_inner_texts() == ["Contar", "Mis cargas", "Fotos", "Lugares"]
    assert fits(page)
