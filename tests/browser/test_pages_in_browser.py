"""The pages as a person uses them: signing in, switching the language, looking at a photo, sending one."""

import re
from urllib.parse import urlsplit

import pytest
from django.template.defaultfilters import floatformat
from django.utils import translation
from playwright.sync_api import Page, expect

from demeter.accounts.models import User
from demeter.demo.accounts import Account
from photos.models import Image, UploadSession
from tests.browser.conditions import wait_until
from tests.conftest import PASSWORD
from tests.inventory.factories import StorageLocationConfigFactory
from tests.photos.count_builders import count_photo, store_photo
from tests.photos.factories import picture_bytes
from tests.support.chromium import PATIENCE_MS

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def sign_in(page: Page, user: User | Account, password: str = PASSWORD) -> None:
    page.get_by_label("Correo electrónico").fill(user.email)
    page.get_by_label("Contraseña").fill(password)
    page.get_by_role("button", name="Ingresar").click()
    expect(page.get_by_role("button", name="Salir")).to_be_visible()
    page.wait_for_load_state(
        "load"
    )  # until its scripts have run, a link leads away instead of opening a dialog


def as_pages_write(number: int, language: str) -> str:
    with translation.override(language):
        return floatformat(number, "0g")


def fits(page: Page) -> bool:
    """Whether nothing reaches beyond the right edge."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


# The headings of the tables of which a part is hidden, to be scrolled to.
CUT_TABLES = """[...document.querySelectorAll(".table-wrap")]
  .filter((wrap) => wrap.scrollWidth > wrap.clientWidth)
  .map((wrap) => wrap.closest("section").querySelector("h2").textContent)"""
# Of the filters: how many there are, and how many are wider than their column, as a date is on a phone.
FIELDS = """(() => {
  const inputs = [...document.querySelectorAll("main .field input, main .field select")];
  const wider = inputs.filter((input) => input.offsetWidth > input.closest(".field").offsetWidth);
  return {fields: inputs.length, wider: wider.length};
})()"""


def test_signing_in_switching_the_language_and_signing_out(open_page, worker):
    page = open_page("/photos/")
    sign_in(page, worker)
    expect(page).to_have_title("Fotos · DemeterAI")

    assert page.evaluate("groupedThousands(1234567)") == as_pages_write(1234567, "es")
    page.get_by_role("button", name="EN").click()
    expect(page).to_have_title("Photos · DemeterAI")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.wait_for_load_state("load")
    assert page.evaluate("groupedThousands(1234567)") == as_pages_write(1234567, "en")

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
def test_a_photo_is_found_in_the_gallery_and_shows_what_was_found(open_page, worker, width):
    place = StorageLocationConfigFactory().storage_location
    count_photo(store_photo(worker), place)
    page = open_page("/photos/", width=width)
    sign_in(page, worker)

    thumbnail = page.locator(".photo-card img")
    expect(thumbnail).to_be_visible()
    assert fits(page)
    if width == 390:
        expect(page.get_by_label("Nombre del archivo")).to_be_hidden()
        page.get_by_role("button", name="Filtros").click()
    expect(page.get_by_label("Nombre del archivo")).to_be_visible()
    assert page.evaluate(FIELDS) == {"fields": 5, "wider": 0}
    wait_until(page, "document.querySelector('.photo-card img').naturalWidth > 0")
    page.locator(".photo-card").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(place.name)
    expect(page.locator("[data-count=living]")).to_have_text("1")
    expect(page.locator("[data-count=dead]")).to_have_text("1")
    expect(page.locator("[data-count=containers]")).to_have_text("1")
    assert fits(page)
    assert page.evaluate(CUT_TABLES) == []


def test_photos_come_as_one_scrolls_and_some_are_put_into_the_trash_by_keys(open_page, worker, settings):
    settings.GALLERY_PER_PAGE = 8
    photos = [store_photo(worker) for _number in range(20)]
    page = open_page("/photos/")
    sign_in(page, worker)
    cards = page.locator(".photo-card")
    expect(cards).to_have_count(8)

    page.locator(".gallery-more").scroll_into_view_if_needed()
    expect(cards).to_have_count(16)
    page.locator(".gallery-more").scroll_into_view_if_needed()
    expect(cards).to_have_count(20)
    cards.nth(17).scroll_into_view_if_needed()
    expect(page).to_have_url(re.compile(r"/photos/\?page=[23]$"))

    expect(page.locator("[data-bar]")).to_be_hidden()
    cards.first.focus()
    page.keyboard.press("x")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    expect(page.locator("[data-selected]")).to_have_text("2 elegidas")
    page.keyboard.press("Escape")
    expect(page.locator("[data-bar]")).to_be_hidden()
    page.keyboard.press("x")
    page.get_by_role("button", name="Mover a la papelera").click()
    expect(page.get_by_role("heading", name="Qué cambia")).to_be_visible()
    page.get_by_role("button", name="Mover a la papelera").click()
    expect(page.locator("#messages")).to_contain_text("1 foto")
    trashed = [photo for photo in photos if Image.objects.get(pk=photo.pk).deleted_at is not None]
    assert trashed == [photos[-2]]


def test_without_javascript_the_form_sends_photos_and_leads_to_what_becomes_of_them(
    browser, live_server, worker, tmp_path
):
    photo = tmp_path / "claro_7.jpg"
    photo.write_bytes(picture_bytes(7))
    context = browser.new_context(base_url=live_server.url, locale="es-AR", java_script_enabled=False)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto("/uploads/")
    sign_in(page, worker)
    expect(page.locator("[data-queue]")).to_be_hidden()
    page.locator("input[name=files]").set_input_files(str(photo))
    page.get_by_role("button", name="Subir y contar").click()
    expect(page.locator(".job-name")).to_have_text("claro_7.jpg")
    expect(page.locator("[data-status]")).to_have_text("Pendiente")
    assert UploadSession.objects.get().user == worker
    context.close()


def test_an_upload_is_followed(open_page, worker):
    page = open_page("/")
    sign_in(page, worker)
    page.locator("input[name=files]").set_input_files(
        {"name": "claro_7.jpg", "mimeType": "image/jpeg", "buffer": picture_bytes(7)}
    )
    page.get_by_role("button", name="Subir y contar (1)").click()
    with page.expect_response(lambda response: "/jobs/status" in response.url) as followed:
        page.get_by_role("link", name="Seguir el conteo").click()
    assert followed.value.status == 200
    expect(page.locator(".job-name")).to_have_text("claro_7.jpg")


def test_the_administration_shows_a_count_with_its_overlay(open_page, admin):
    session = count_photo(store_photo(admin))
    page = open_page(f"/admin/photos/processingsession/{session.pk}/change/")
    sign_in_to_administration(page, admin)

    expect(page.locator("[data-count=living]")).to_have_text("1")
    expect(page.locator("[data-viewer][data-ready] canvas")).to_be_visible()


def test_the_page_of_a_photo_in_the_administration_fits_a_phone(open_page, admin):
    image = store_photo(admin)
    page = open_page(f"/admin/photos/image/{image.pk}/change/", width=390)
    sign_in_to_administration(page, admin)

    expect(page.get_by_text(image.sha256)).to_be_visible()
    assert fits(page)


def sign_in_to_administration(page: Page, user: User) -> None:
    page.get_by_label("Correo electrónico").fill(user.email)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.get_by_role("button", name="Ingresar").click()
    page.wait_for_url(lambda url: urlsplit(url).path.startswith("/admin/"))  # and until it is loaded


def test_the_page_of_the_api_lists_the_operations_and_asks_nobody_else(open_page, live_server):
    page = open_page("/sign-in/")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/api/v1/docs/")
    page.get_by_text("/api/v1/photos/gallery", exact=True).first.wait_for()
    assert asked
    assert [url for url in asked if not url.startswith((live_server.url, "data:"))] == []
