"""What the upload page keeps in the browser of photos that are not at the server yet, and what it does not keep."""

import pytest
from playwright.sync_api import expect

from photos.models import UploadJob, UploadSession
from tests.browser.conditions import wait_until
from tests.browser.test_pages_in_browser import fits, sign_in
from tests.browser.test_upload_page import choose, choose_place, file, open_upload, send, states
from tests.inventory.factories import StorageLocationFactory

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

# The SHA-256 of one file is computed only when `letHash` is called, as of a large one.
HOLD_HASH_OF_SECOND = """() => {
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message) {
    if (message.file.name === "claro_2.jpg") window.letHash = () => post.call(this, message);
    else post.call(this, message);
  };
}"""

# What is written down is heard of only when `letKeep` is called, as on a slow disk.
HOLD_KEEPING = """() => {
  const listen = IDBTransaction.prototype.addEventListener;
  const may = new Promise((done) => { window.letKeep = done; });
  IDBTransaction.prototype.addEventListener = function (name, hear) {
    listen.call(this, name, this.mode === "readwrite" ? () => may.then(hear) : hear);
  };
}"""

# The disk has no room for what is written down.
FILL_DISK = """() => {
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (row) {
    const request = put.call(this, row);
    request.addEventListener("success", () => this.transaction.abort());
    return request;
  };
}"""


def test_what_has_arrived_while_another_was_still_read_is_not_sent_again(open_page, worker):
    page = open_upload(open_page, worker)
    page.evaluate(HOLD_HASH_OF_SECOND)
    choose(page, file(1), file(2))
    states(page).to_have_text(["Elegida"] * 2)
    send(page)
    states(page).to_have_text(["Llegó: se está contando", "Se está mandando"])
    page.evaluate("window.letHash()")
    states(page).to_have_text(["Llegó: se está contando"] * 2)

    page.reload()
    expect(page.locator("[data-upload][data-ready]")).to_have_count(1)
    expect(page.locator(".upload-item")).to_have_count(0)


def test_what_is_taken_out_while_the_others_are_sent_is_not_sent(open_page, worker):
    page = open_upload(open_page, worker)
    choose(page, file(1), file(2))
    states(page).to_have_text(["Elegida"] * 2)
    page.evaluate(HOLD_KEEPING)
    send(page)
    page.get_by_role("button", name="Quitar: claro_2.jpg").click()
    page.evaluate("window.letKeep()")
    states(page).to_have_text(["Llegó: se está contando"])

    page.reload()
    expect(page.locator("[data-upload][data-ready]")).to_have_count(1)
    expect(page.locator(".upload-item")).to_have_count(0)
    assert [job.filename for job in UploadJob.objects.all()] == ["claro_1.jpg"]


def test_a_full_disk_is_told_and_keeps_nothing_that_has_arrived(open_page, worker):
    page = open_upload(open_page, worker)
    note = page.get_by_text("Este navegador no guarda archivos")
    choose(page, file(1))
    states(page).to_have_text(["Elegida"])
    expect(note).to_be_hidden()
    page.evaluate(FILL_DISK)
    choose(page, file(2))
    states(page).to_have_text(["Elegida"] * 2)
    expect(note).to_be_visible()
    send(page)
    states(page).to_have_text(["Llegó: se está contando"] * 2)

    page.reload()
    expect(page.locator("[data-upload][data-ready]")).to_have_count(1)
    expect(page.locator(".upload-item")).to_have_count(0)


def test_what_is_refused_for_its_place_stays_on_the_phone_and_goes_where_the_form_says_then(
    open_page, worker
):
    place = StorageLocationFactory()
    page = open_upload(open_page, worker)
    choose_place(page, place)
    choose(page, file(1), file(2))
    states(page).to_have_text(["Elegida"] * 2)
    place.is_active = False
    place.save()
    send(page)
    states(page).to_have_text(["No existe ese lugar o no está en uso."] * 2)

    page.reload()
    states(page).to_have_text(["No existe ese lugar o no está en uso."] * 2)
    expect(page.get_by_role("button", name="Quitar las terminadas")).to_be_hidden()
    page.get_by_role("button", name="Seguir con todas").click()
    states(page).to_have_text(["Elegida"] * 2)
    send(page)
    states(page).to_have_text(["Llegó: se está contando"] * 2)
    upload = UploadSession.objects.get()
    assert (upload.storage_location, upload.jobs.count()) == (None, 2)


def test_what_is_forbidden_twice_stays_on_the_phone(open_page, worker):
    page = open_upload(open_page, worker)
    refusal = {"error": "No.", "code": "permission_denied", "detail": {}}
    page.route("**/api/v1/uploads", lambda route: route.fulfill(status=403, json=refusal))
    choose(page, file(1))
    send(page)
    states(page).to_have_text(["No."])
    page.unroute("**/api/v1/uploads")
    page.reload()
    states(page).to_have_text(["No."])
    page.get_by_role("button", name="Seguir: claro_1.jpg").click()
    send(page)
    states(page).to_have_text(["Llegó: se está contando"])


def test_an_answer_of_another_server_loses_no_photo(open_page, worker):
    """As from a network that wants to be signed in to: it answers everything with a page."""
    page = open_upload(open_page, worker)
    page.route(
        "**/api/v1/uploads/*",
        lambda route: route.fulfill(body="<p>") if route.request.method == "GET" else route.fallback(),
    )
    choose(page, file(1))
    send(page)
    states(page).to_have_text(["Espera conexión"])
    page.unroute("**/api/v1/uploads/*")
    page.reload()
    states(page).to_have_text(["Llegó: se está contando"])


def test_a_file_that_is_no_picture_is_not_kept(open_page, worker):
    page = open_upload(open_page, worker)
    broken = {"name": "rota.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff\xe0" + b"\0" * 300}
    choose(page, broken)
    send(page)
    expect(page.locator(".upload-item [data-state].is-wrong")).to_be_visible()
    expect(page.get_by_role("button", name="Seguir: rota.jpg")).to_be_hidden()
    page.reload()
    expect(page.locator("[data-upload][data-ready]")).to_have_count(1)
    expect(page.locator(".upload-item")).to_have_count(0)


def test_every_page_says_how_many_photos_wait_on_this_device(open_page, worker):
    page = open_upload(open_page, worker, width=390)
    waiting = page.locator("[data-photos-wait]")
    choose(page, file(1), file(2))
    states(page).to_have_text(["Elegida"] * 2)
    expect(waiting).to_be_hidden()  # its own list shows them
    page.goto("/photos/")
    expect(waiting).to_contain_text("Fotos que esperan en este dispositivo: 2")
    assert fits(page)
    waiting.get_by_role("link", name="Mandarlas").click()
    send(page)
    states(page).to_have_text(["Llegó: se está contando"] * 2)
    page.goto("/photos/")
    wait_until(page, "document.querySelector('[data-photos-wait-count]').textContent === '0'")
    expect(waiting).to_be_hidden()


def test_photos_of_another_person_are_not_said_to_wait(open_page, worker, other_worker):
    page = open_upload(open_page, worker)
    choose(page, file(1))
    states(page).to_have_text(["Elegida"])
    page.get_by_role("button", name="Salir").click()
    sign_in(page, other_worker)
    page.goto("/photos/")
    wait_until(page, "document.querySelector('[data-photos-wait-count]').textContent === '0'")
    expect(page.locator("[data-photos-wait]")).to_be_hidden()


def test_the_kept_page_asks_who_is_signed_in_before_it_sends(open_page, worker, other_worker):
    page = open_upload(open_page, worker)
    choose(page, file(1))
    states(page).to_have_text(["Elegida"])
    page.get_by_role("button", name="Salir").click()
    sign_in(page, other_worker)
    page.evaluate("id => localStorage.setItem('uploads-user', id)", str(worker.pk))
    page.goto("/uploads/offline/es/")
    expect(page.locator("[data-upload][data-ready]")).to_have_count(1)
    expect(page.locator(".upload-item")).to_have_count(0)
