"""Sending photos with a real browser: broken connections, closed tabs and ended sessions lose nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from django.contrib.sessions.models import Session
from PIL import Image as Picture
from playwright.sync_api import BrowserContext, Page, Route, expect

from demeter.accounts.models import User
from inventory.models import StorageLocation
from photos.choices import JobStatus
from photos.models import Image, ResumableUpload, UploadJob, UploadSession
from tests.browser.conditions import wait_until
from tests.browser.held_requests import HeldRequests
from tests.browser.test_pages_in_browser import fits, sign_in
from tests.conftest import PASSWORD
from tests.inventory.factories import StorageLocationFactory
from tests.photos.factories import picture_bytes
from tests.support.chromium import ARGUMENTS, CHROMIUM, PATIENCE_MS
from tests.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.support.labels import label_picture

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

LARGE_SIDE_PX = 900


def large_photo() -> bytes:
    """A photo of some 2.4 MB: several chunks."""
    import io

    noise = np.random.default_rng(7).integers(0, 255, (LARGE_SIDE_PX, LARGE_SIDE_PX, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Picture.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


def file(number: int, name: str = "") -> dict[str, Any]:
    return {"name": name or f"claro_{number}.jpg", "mimeType": "image/jpeg", "buffer": picture_bytes(number)}


# Files are read only when `letRead` is called, as on a slow phone.
HOLD_READING = """() => {
  const read = Blob.prototype.arrayBuffer;
  const may = new Promise((done) => { window.letRead = done; });
  Blob.prototype.arrayBuffer = async function () {
    await may;
    return read.call(this);
  };
}"""


def open_upload(open_page: Any, user: User, **options: Any) -> Page:
    """The tests' database, SQLite in memory, refuses one of two writers at once: the page then sends again."""
    page: Page = open_page("/uploads/", requests_fail=True, **options)
    sign_in(page, user)
    expect(page.locator("[data-upload][data-ready]")).to_have_count(1)
    return page


def choose(page: Page, *files: dict[str, Any]) -> None:
    page.locator("input[name=files]").set_input_files(list(files))


def send(page: Page) -> None:
    page.get_by_role("button", name="Subir y contar").click()


def states(page: Page) -> Any:
    return expect(page.locator(".upload-item [data-state]"))


def sign_in_again(page: Page, user: User) -> None:
    page.get_by_label("Correo electrónico").fill(user.email)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.get_by_label("Contraseña").press("Enter")


@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
def test_photos_are_checked_sent_and_followed_and_a_bad_one_stays_out(open_page, worker, width):
    place = StorageLocationFactory()
    page = open_upload(open_page, worker, width=width)
    bad = {"name": "lista.pdf", "mimeType": "image/jpeg", "buffer": b"%PDF-1.7 no photo"}
    choose(page, file(1), file(2), bad)
    states(page).to_have_text(
        ["Elegida", "Elegida", "No es una foto: se aceptan JPEG, PNG, WebP, HEIC y AVIF."]
    )
    assert fits(page)

    page.locator("#place-search").fill(place.code)
    page.locator("[data-place-list] button").first.click()
    page.get_by_role("button", name="Subir y contar (2)").click()
    states(page).to_have_text(
        [
            "Llegó: se está contando",
            "Llegó: se está contando",
            "No es una foto: se aceptan JPEG, PNG, WebP, HEIC y AVIF.",
        ]
    )
    upload = UploadSession.objects.get()
    assert (upload.user, upload.storage_location) == (worker, place)
    assert sorted(upload.jobs.values_list("filename", flat=True)) == ["claro_1.jpg", "claro_2.jpg"]
    assert fits(page)
    page.get_by_role("link", name="Seguir el conteo").click()
    expect(page.locator(".job-name")).to_have_count(2)


def test_what_is_chosen_before_the_script_has_come_is_in_the_list(open_page, worker):
    page = open_page("/photos/")
    sign_in(page, worker)
    script = HeldRequests(page, "**/upload/main.js")
    page.goto("/uploads/", wait_until="commit")
    choose(page, file(1))
    script.let_go()
    states(page).to_have_text(["Elegida"])
    send(page)
    states(page).to_have_text(["Llegó: se está contando"])


def test_whoever_sends_at_once_sends_also_what_is_still_being_checked(open_page, worker):
    page = open_upload(open_page, worker)
    page.evaluate(HOLD_READING)
    choose(page, file(1), file(2))
    states(page).to_have_text(["Se está revisando"] * 2)
    send(page)
    page.evaluate("window.letRead()")
    states(page).to_have_text(["Llegó: se está contando"] * 2)
    assert UploadSession.objects.get().jobs.count() == 2


def test_an_answer_that_is_lost_as_a_photo_begins_takes_no_second_place_of_its_upload(open_page, worker):
    page = open_upload(open_page, worker)
    lost: list[int] = []

    def lose_the_first_answer(route: Route) -> None:
        if lost:
            route.fallback()
        else:
            lost.append(route.fetch().status)
            route.abort("connectionreset")

    page.route("**/api/v1/uploads", lose_the_first_answer)
    choose(page, file(1))
    send(page)
    states(page).to_have_text(["Llegó: se está contando"])
    assert lost == [201]
    assert ResumableUpload.objects.count() == 1


def test_a_photo_that_the_server_has_is_not_sent_again(open_page, worker):
    page = open_upload(open_page, worker)
    choose(page, file(1))
    send(page)
    states(page).to_have_text(["Llegó: se está contando"])
    sent = []
    page.on("request", lambda request: sent.append(request.method))
    choose(page, file(1, "otra.jpg"))
    states(page).to_have_text(["Llegó: se está contando", "El servidor ya la tiene: no se manda de nuevo"])
    send(page)
    states(page).to_have_text(["Llegó: se está contando", "Conocida: ya se contó antes"])
    assert "PATCH" not in sent
    assert (Image.objects.count(), UploadJob.objects.count()) == (1, 2)


def test_a_connection_that_is_cut_within_a_file_goes_on_where_it_was(open_page, worker):
    page = open_upload(open_page, worker)
    photo = large_photo()
    offsets: list[str] = []

    def cut_the_second_chunk(route: Route) -> None:
        offsets.append(route.request.headers["upload-offset"])
        if len(offsets) == 2:
            route.abort("connectionreset")
        else:
            route.fallback()

    page.route(
        "**/api/v1/uploads/*",
        lambda route: cut_the_second_chunk(route) if route.request.method == "PATCH" else route.fallback(),
    )
    choose(page, {"name": "grande.png", "mimeType": "image/png", "buffer": photo})
    send(page)
    states(page).to_have_text(["Llegó: se está contando"])
    assert Image.objects.get().sha256 == hashlib.sha256(photo).hexdigest()
    assert len(offsets) > 3
    assert offsets[1] == offsets[2], "what had arrived was not sent again"
    assert offsets.count("0") == 1


def choose_and_lose(page: Page, path: Path) -> None:
    """Choose a photo that is then deleted on the device, before it is sent."""
    path.write_bytes(large_photo())
    page.locator("input[name=files]").set_input_files(path)
    states(page).to_have_text(["Elegida"])
    path.unlink()
    send(page)


def test_a_file_that_is_gone_from_the_phone_waits_for_no_connection(open_page, worker, tmp_path):
    """A private window keeps no copy of it, only where it was."""
    page = open_upload(open_page, worker)
    choose_and_lose(page, tmp_path / "grande.png")
    states(page).to_have_text(["Ya no se puede leer el archivo. Elegilo de nuevo."])


def test_the_copy_that_the_browser_keeps_is_sent_when_the_file_is_gone(
    browser, live_server, worker, tmp_path
):
    context = browser.browser_type.launch_persistent_context(
        tmp_path / "profile",
        executable_path=CHROMIUM,
        args=ARGUMENTS,
        base_url=live_server.url,
        locale="es-AR",
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto("/uploads/")
    sign_in(page, worker)
    expect(page.locator("[data-upload][data-ready]")).to_have_count(1)
    choose_and_lose(page, tmp_path / "grande.png")
    states(page).to_have_text(["Llegó: se está contando"])
    context.close()


def test_a_closed_tab_is_gone_on_with_by_the_next(open_page, worker):
    page = open_upload(open_page, worker)
    photo = large_photo()
    page.route(
        "**/api/v1/uploads/*",
        lambda route: (
            route.abort() if int(route.request.headers.get("upload-offset", 0)) else route.fallback()
        ),
    )
    choose(page, {"name": "grande.png", "mimeType": "image/png", "buffer": photo})
    send(page)
    states(page).to_have_text(["Espera conexión"])
    assert ResumableUpload.objects.get().offset_bytes > 0
    context: BrowserContext = page.context
    page.close()

    again = context.new_page()
    again.goto("/uploads/")
    states(again).to_have_text(["Llegó: se está contando"])
    assert Image.objects.get().sha256 == hashlib.sha256(photo).hexdigest()
    assert UploadJob.objects.count() == 1
    again.reload()
    expect(again.locator("[data-upload][data-ready]")).to_have_count(1)
    expect(again.locator(".upload-item")).to_have_count(0)


def test_an_ended_session_is_signed_in_again_without_losing_the_page(open_page, worker):
    page = open_upload(open_page, worker)
    page.locator("[name=notes]").fill("ronda de la mañana")
    choose(page, file(1), file(2))
    states(page).to_have_text(["Elegida", "Elegida"])
    Session.objects.all().delete()
    send(page)
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_label("Contraseña").fill("wrong")
    page.get_by_label("Correo electrónico").fill(worker.email)
    page.get_by_label("Contraseña").press("Enter")
    expect(page.locator("[data-sign-in-again] [data-error]")).not_to_be_empty()
    sign_in_again(page, worker)
    expect(page.get_by_role("dialog")).to_be_hidden()
    states(page).to_have_text(["Llegó: se está contando"] * 2)
    assert UploadSession.objects.get().notes == "ronda de la mañana"


def test_an_ended_session_loses_nothing_on_the_first_page_either(open_page, worker):
    page = open_page("/", requests_fail=True, width=390)
    sign_in(page, worker)
    expect(page.locator("[data-upload][data-ready]")).to_have_count(1)
    choose(page, file(1, f"{'claro_' * 12}1.jpg"))
    states(page).to_have_text(["Elegida"])
    assert fits(page)
    Session.objects.all().delete()
    send(page)
    expect(page.get_by_role("dialog")).to_be_visible()
    sign_in_again(page, worker)
    expect(page.get_by_role("dialog")).to_be_hidden()
    states(page).to_have_text(["Llegó: se está contando"])
    assert UploadJob.objects.get().upload_session.user == worker


def test_what_another_person_left_on_this_device_is_not_sent_as_mine(open_page, worker, other_worker):
    page = open_upload(open_page, worker)
    choose(page, file(1))
    states(page).to_have_text(["Elegida"])
    page.get_by_role("button", name="Salir").click()
    sign_in(page, other_worker)
    page.goto("/uploads/")
    expect(page.locator("[data-upload][data-ready]")).to_have_count(1)
    expect(page.locator(".upload-item")).to_have_count(0)
    page.goto("/photos/")  # where the server is slow, the upload page is the kept one, which names nobody
    page.get_by_role("button", name="Salir").click()
    sign_in(page, worker)
    page.goto("/uploads/")
    states(page).to_have_text(["Elegida"])
    assert not UploadJob.objects.exists()


def test_photos_are_paused_gone_on_with_and_taken_out(open_page, worker):
    page = open_upload(open_page, worker)
    held: list[Route] = []
    page.route(
        "**/api/v1/uploads/*",
        lambda route: held.append(route) if route.request.method == "PATCH" else route.fallback(),
    )
    choose(page, file(1), file(2))
    send(page)
    states(page).to_have_text(["Se está mandando"] * 2)
    first, second = page.locator(".upload-item").all()
    first.get_by_role("button", name="Pausar").click()
    expect(first.locator("[data-state]")).to_have_text("En pausa")
    second.get_by_role("button", name="Quitar").click()
    expect(page.locator(".upload-item")).to_have_count(1)

    page.unroute("**/api/v1/uploads/*")
    first.get_by_role("button", name="Seguir").click()
    states(page).to_have_text(["Llegó: se está contando"])
    assert [job.filename for job in UploadJob.objects.all()] == ["claro_1.jpg"]


def test_what_the_server_refuses_says_why(open_page, worker):
    page = open_upload(open_page, worker)
    broken = {"name": "rota.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff\xe0" + b"\0" * 300}
    choose(page, broken)
    send(page)
    expect(page.locator(".upload-item [data-state].is-wrong")).to_be_visible()
    job = UploadJob.objects.get()
    assert job.status == JobStatus.REJECTED


def test_the_place_is_found_by_where_the_phone_is_or_left_to_the_photos(open_page, worker):
    near, far = StorageLocationFactory(), StorageLocationFactory()
    (west, south), _, (east, north), *_ = near.polygon["coordinates"][0]
    page = open_upload(open_page, worker, width=390)
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation(
        {"longitude": (west + east) / 2, "latitude": (south + north) / 2, "accuracy": 8}
    )
    page.get_by_role("button", name="Donde estoy").click()
    candidates = page.locator("[data-place-list] button")
    expect(candidates.first).to_contain_text(near.name)
    expect(candidates.first).to_contain_text("0 m")
    assert fits(page)
    candidates.first.press("Enter")
    expect(page.locator("[data-place-told]")).to_contain_text(near.name)
    choose(page, file(1))
    send(page)
    states(page).to_have_text(["Llegó: se está contando"])

    page.get_by_role("button", name="Más tarde").click()
    choose(page, file(2))
    send(page)
    states(page).to_have_text(["Llegó: se está contando"] * 2)
    uploads = UploadSession.objects.order_by("created_at")
    assert [upload.storage_location for upload in uploads] == [near, None]
    assert far not in {upload.storage_location for upload in uploads}


def choose_place(page: Page, place: StorageLocation) -> None:
    page.locator("#place-search").fill(place.code)
    page.locator("[data-place-list] button").first.click()
    expect(page.locator("[data-place-told]")).to_contain_text(place.name)


def test_a_place_that_is_wiped_out_of_its_field_is_not_the_one_of_the_photos(open_page, worker):
    place = StorageLocationFactory()
    page = open_upload(open_page, worker)
    choose_place(page, place)
    page.locator("#place-search").fill("")
    expect(page.locator("[data-place-told]")).not_to_contain_text(place.name)
    expect(page.get_by_role("button", name="Más tarde")).to_be_hidden()
    choose(page, file(1))
    send(page)
    states(page).to_have_text(["Llegó: se está contando"])
    assert UploadSession.objects.get().storage_location is None


@pytest.mark.parametrize(
    "is_another_chosen", [True, False], ids=["another one was chosen", "none was chosen"]
)
def test_photos_wait_until_the_place_that_is_written_is_chosen(open_page, worker, is_another_chosen):
    written, other = StorageLocationFactory(code="W1-B-04"), StorageLocationFactory(code="W1-A-01")
    page = open_upload(open_page, worker)
    if is_another_chosen:
        choose_place(page, other)
    page.locator("#place-search").fill(written.code)
    choose(page, file(1))
    states(page).to_have_text(["Elegida"])
    send(page)
    expect(page.locator("[data-told]")).to_contain_text("Todavía no elegiste")
    states(page).to_have_text(["Elegida"])
    assert not ResumableUpload.objects.exists()

    page.locator("[data-place-list] button").filter(has_text=written.name).click()
    expect(page.locator("[data-told]")).to_be_empty()
    send(page)
    states(page).to_have_text(["Llegó: se está contando"])
    assert UploadSession.objects.get().storage_location == written


@pytest.mark.parametrize(
    ("status", "says"),
    [
        pytest.param(0, "No hay conexión", id="no connection"),
        pytest.param(429, "El servidor no responde", id="too many questions"),
        pytest.param(500, "El servidor no responde", id="an error of the server"),
    ],
)
def test_a_place_that_cannot_be_looked_for_says_why(open_page, worker, status, says):
    page = open_upload(open_page, worker)
    page.route(
        "**/locations/search*",
        lambda route: route.fulfill(status=status, body="{}") if status else route.abort(),
    )
    page.locator("#place-search").fill("claro")
    expect(page.locator("[data-place-told]")).to_contain_text(says)


def test_whoever_is_signed_out_while_looking_for_a_place_signs_in_and_finds_it(open_page, worker):
    place = StorageLocationFactory()
    page = open_upload(open_page, worker)
    Session.objects.all().delete()
    page.locator("#place-search").fill(place.code)
    expect(page.get_by_role("dialog")).to_be_visible()
    sign_in_again(page, worker)
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("[data-place-list] button")).to_contain_text([place.name])


# A camera in place of the one that a phone has, and a detector where a code is given. It shows a picture of a label.
CAMERA = """([code, label]) => {
  if (code) window.BarcodeDetector = class { async detect() { return [{ rawValue: code }]; } };
  else delete window.BarcodeDetector;
  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 960 });
    const context = canvas.getContext("2d");
    const bytes = Uint8Array.from(atob(label), (letter) => letter.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
    setInterval(() => context.drawImage(picture, 0, 0, 1280, 960), 100); // a stream has a frame for each change
    return canvas.captureStream(10);
  };
}"""


def give_camera(page: Page, *texts: str, detector: str = "") -> None:
    label = base64.b64encode(label_picture(*texts)).decode()
    page.add_init_script(f"({CAMERA})({[detector, label]!r})")
    page.reload()
    expect(page.locator("[data-upload][data-ready]")).to_have_count(1)


def place_is(page: Page, place: StorageLocation) -> None:
    expect(page.locator("[data-place-told]")).to_contain_text(place.name)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.locator("[name=storage_location_id]").input_value() == str(place.pk)


@pytest.mark.parametrize("has_detector", [True, False], ids=["its own detector", "the server"])
def test_the_label_of_a_place_names_it(open_page, worker, has_detector):
    place = StorageLocationFactory()
    page = open_upload(open_page, worker, width=390)
    give_camera(page, place.qr_code, detector=place.qr_code if has_detector else "")
    page.get_by_role("button", name="Leer el QR").click()
    place_is(page, place)
    assert fits(page)


def test_a_code_that_is_longer_than_those_of_places_is_none(open_page, worker):
    page = open_upload(open_page, worker)
    code = "https://example.org/" + "a" * 60
    give_camera(page, code, detector=code)
    page.get_by_role("button", name="Leer el QR").click()
    expect(page.locator("[data-place-told]")).to_have_text("Ningún lugar tiene este código.")


def test_of_several_labels_in_view_a_person_chooses(open_page, worker):
    first, second = StorageLocationFactory(code="W1-A-01"), StorageLocationFactory(code="W1-A-02")
    page = open_upload(open_page, worker)
    give_camera(page, first.qr_code, second.qr_code)
    page.get_by_role("button", name="Leer el QR").click()
    expect(page.locator("[data-place-list] button")).to_have_count(2)
    page.locator("[data-place-list] button").nth(1).click()
    place_is(page, second)


def test_without_a_connection_the_page_says_what_a_label_needs(open_page, worker):
    page = open_upload(open_page, worker)
    page.context.set_offline(True)
    page.get_by_role("button", name="Leer el QR").click()
    expect(page.locator("[data-place-told]")).to_contain_text("hace falta señal")


def test_a_picture_of_the_label_will_do_where_no_camera_can_be_used(open_page, worker):
    place = StorageLocationFactory()
    page = open_upload(open_page, worker, width=390)
    page.add_init_script("delete Object.getPrototypeOf(navigator).mediaDevices")  # as over plain http
    page.reload()
    expect(page.locator("[data-upload][data-ready]")).to_have_count(1)
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Leer el QR").click()
    chosen.value.set_files({**file(1), "name": "sin_codigo.jpg"})
    expect(page.locator("[data-place-told]")).to_contain_text("Acercate")
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Leer el QR").click()
    expect(page.locator(".upload-item")).to_have_count(0)  # a picture of a label is no photo to count
    picture = {"name": "cartel.jpg", "mimeType": "image/jpeg", "buffer": label_picture(place.qr_code)}
    chosen.value.set_files(picture)
    place_is(page, place)


def test_without_https_the_page_says_what_is_off_and_sends_all_the_same(browser, live_server, worker):
    """In a context of its own: the browser complains of headers that only mean something over https."""
    context = browser.new_context(locale="es-AR", viewport={"width": 390, "height": 844})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(live_server.url.replace("localhost", "0.0.0.0") + "/uploads/")  # noqa: S104 - no secure context
    sign_in(page, worker)
    assert not page.evaluate("window.isSecureContext")
    expect(page.locator("[data-insecure]")).to_be_visible()
    expect(page.get_by_role("button", name="Donde estoy")).to_be_hidden()
    choose(page, file(1))
    send(page)
    states(page).to_have_text(["Llegó: se está contando"])
    assert Image.objects.get().sha256 == hashlib.sha256(picture_bytes(1)).hexdigest()
    assert fits(page)
    context.close()


def test_the_keyboard_alone_chooses_and_sends(open_page, worker):
    page = open_upload(open_page, worker)
    with page.expect_file_chooser() as chooser:
        page.locator("input[name=files]").focus()
        page.keyboard.press("Enter")
    chooser.value.set_files([file(1)])
    states(page).to_have_text(["Elegida"])
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "submit":
            break
    page.keyboard.press("Enter")
    states(page).to_have_text(["Llegó: se está contando"])


@pytest.fixture
def proxy(live_server: Any) -> Iterator[FaultyProxy]:
    with faulty_proxy(urlsplit(live_server.url).port or 0) as running:
        yield running


def has_service_worker(page: Page) -> None:
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    wait_until(page, "navigator.serviceWorker.ready.then((ready) => ready.active.state === 'activated')")


def test_the_page_opens_where_a_connection_brings_nothing(open_page, worker, proxy):
    page = open_upload(open_page, worker, base_url=f"http://localhost:{proxy.port}")
    has_service_worker(page)
    proxy.mode = "hangs"
    page.goto("/uploads/")
    expect(page.locator("[data-upload][data-ready]")).to_have_count(1)
    assert worker.name not in page.content()


def test_the_page_opens_without_a_connection_and_sends_when_the_signal_is_back(open_page, worker, proxy):
    page = open_upload(open_page, worker, base_url=f"http://localhost:{proxy.port}")
    has_service_worker(page)
    page.context.set_offline(True)  # which a page that is just being loaded does not know yet
    proxy.mode = "refuses"
    page.goto("/uploads/")
    expect(page.locator("[data-upload][data-ready]")).to_have_count(1)
    expect(page.locator("[data-offline]")).to_be_visible()
    assert worker.name not in page.content()
    choose(page, file(1))
    send(page)
    states(page).to_have_text(["Espera conexión"])
    page.reload()
    states(page).to_have_text(["Espera conexión"])
    assert not ResumableUpload.objects.exists()

    proxy.mode = "passes"
    page.context.set_offline(False)
    states(page).to_have_text(["Llegó: se está contando"])
    assert UploadJob.objects.get().upload_session.user == worker


def test_a_strict_content_security_policy_keeps_nothing_from_working(open_page, worker):
    policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"

    def with_policy(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, headers={**response.headers, "content-security-policy": policy})

    page = open_page("/photos/")
    sign_in(page, worker)
    page.route("**/uploads/", with_policy)
    page.goto("/uploads/")
    choose(page, file(1))
    send(page)
    states(page).to_have_text(["Llegó: se está contando"])
