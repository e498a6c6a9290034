"""What people do with their photos, from the upload to the stock: a real browser, the real server, real workers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from demeter.demo.accounts import ADMIN, SUPERVISOR, Account
from inventory.demo import UNCONFIGURED
from tests.browser.test_corrector import expect_ready, expect_saved, living, tap, tool
from tests.browser.test_pages_in_browser import sign_in
from tests.support.chromium import OpenPage, page_opener, running_chromium
from tests.support.local_stack import Embedded, running_stack
from tests.support.nursery_photos import copy_at, render_small

PLACES = ("N1-S-01", "N2-N-02")

# The networks are loaded for the first photo, on a machine that does other things too.
COUNTED_WITHIN_MS = 900_000

# Each state of the whole upload that the page shows, in order.
REMEMBER_PROGRESS = """
window.progress = [];
new MutationObserver(() => {
  const bar = document.querySelector("[data-summary=progress]");
  if (bar && bar.value !== window.progress.at(-1)) window.progress.push(bar.value);
}).observe(document, { subtree: true, childList: true, attributes: true });
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with running_stack(tmp_path_factory.mktemp("in_browser")) as running:
        yield running


@pytest.fixture
def open_page(stack: Embedded) -> Iterator[OpenPage]:
    with running_chromium() as chromium, page_opener(chromium, f"http://127.0.0.1:{stack.port}") as open_one:
        yield open_one


def photos_at_places(stack: Embedded, folder: Path) -> list[Path]:
    """One photo for each of the places, by its position, and a third that ends in the middle."""
    original = render_small(folder, "original")
    photos = []
    for number, code in enumerate(PLACES, start=1):
        [(lat, lon)] = stack.rows(
            "SELECT centroid_lat, centroid_lon FROM storage_locations WHERE code = ?", code
        )
        photos.append(copy_at(original, f"claro_{number}", lat=lat, lon=lon))
    cut = folder / "cortada.jpg"
    cut.write_bytes(original.read_bytes()[: original.stat().st_size // 2])
    return [*photos, cut]


def held_at(stack: Embedded, code: str) -> int:
    """The plants in the stock of a place: its ledger and its batches must say the same."""
    query = (
        "SELECT b.quantity_current,"
        " (SELECT COALESCE(SUM(m.quantity), 0) FROM stock_movements m WHERE m.batch_id = b.id)"
        " FROM stock_batches b JOIN storage_locations l ON l.id = b.storage_location_id WHERE l.code = ?"
    )
    batches = stack.rows(query, code)
    assert [quantity for quantity, _ledger in batches] == [ledger for _quantity, ledger in batches]
    return sum(quantity for quantity, _ledger in batches)


def one_living_plant(stack: Embedded, filename: str) -> tuple[float, float]:
    """Where a plant was seen in a photo, in its pixels."""
    query = (
        "SELECT d.center_x, d.center_y FROM detections d"
        " JOIN upload_jobs j ON j.session_id = d.session_id"
        " WHERE j.filename = ? AND d.is_alive ORDER BY d.confidence DESC LIMIT 1"
    )
    [spot] = stack.rows(query, filename)
    return spot


def upload(page: Page, account: Account, photos: list[Path]) -> None:
    """Sign in on the page of the upload, send the photos, and go on to the page that follows them."""
    sign_in(page, account, account.password)
    expect(page.locator("[data-upload][data-ready]")).to_have_count(1)
    page.locator("input[name=files]").set_input_files(photos)
    page.get_by_role("button", name=f"Subir y contar ({len(photos)})").click()
    expect(page.locator(".upload-item [data-state]")).to_have_text(["Llegó: se está contando"] * len(photos))
    page.get_by_role("link", name="Seguir el conteo").click()
    expect(page.locator(".job")).to_have_count(len(photos))


def go_to(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Menú principal").get_by_role("link", name=name, exact=True).click()


def card(page: Page, filename: str) -> Locator:
    return page.locator(".photo-card", has_text=filename)


def test_photos_are_counted_corrected_validated_trashed_and_restored_and_the_stock_follows(
    stack: Embedded, open_page: OpenPage, tmp_path: Path
) -> None:
    photos = photos_at_places(stack, tmp_path)
    page = open_page("/uploads/")
    page.add_init_script(REMEMBER_PROGRESS)
    upload(page, SUPERVISOR, photos)

    expect(page.locator(".job.is-running")).to_have_count(0, timeout=COUNTED_WITHIN_MS)
    expect(page.locator(".job.is-done")).to_have_count(2)
    progress = page.evaluate("window.progress")  # the bar itself is gone once all have ended
    assert len(progress) > 1
    assert progress[0] < progress[-1]
    refused = page.locator(".job.is-failed")
    expect(refused).to_contain_text("cortada.jpg")
    expect(refused).to_contain_text("La foto está dañada y no se puede leer")

    counted = held_at(stack, PLACES[0])
    assert counted == held_at(stack, PLACES[1]) > 0
    go_to(page, "Fotos")
    card(page, "claro_1.jpg").click()
    booked = page.locator("[data-number=booked] td")
    expect(booked).to_have_text(str(counted))

    page.get_by_role("link", name="Corregir el conteo").click()
    expect_ready(page)
    living(page).to_have_text(str(counted))
    tool(page, "delete")
    tap(page, one_living_plant(stack, "claro_1.jpg"))
    living(page).to_have_text(str(counted - 1))
    expect_saved(page)
    assert held_at(stack, PLACES[0]) == counted, "nobody has validated it"

    page.get_by_role("link", name="Revisar y validar").click()
    expect(page.locator(".consequences")).to_contain_text(f"{counted} → {counted - 1}")
    page.get_by_role("button", name="Validar el conteo").click()
    expect(page.locator("#messages")).to_contain_text("El conteo quedó validado.")
    expect(booked).to_have_text(str(counted - 1))
    assert (held_at(stack, PLACES[0]), held_at(stack, PLACES[1])) == (counted - 1, counted)

    page.get_by_role("link", name="Mover a la papelera").click()
    expect(page.locator(".consequences")).to_contain_text(f"{counted - 1} → 0")
    page.get_by_role("button", name="Mover a la papelera").click()
    expect(page.locator("#messages")).to_contain_text("La foto está en la papelera.")
    assert held_at(stack, PLACES[0]) == 0

    go_to(page, "Fotos")
    expect(card(page, "claro_2.jpg")).to_be_visible()
    expect(card(page, "claro_1.jpg")).to_have_count(0)
    page.get_by_role("link", name="En la papelera").click()
    page.get_by_label("Elegir claro_1.jpg").check()
    page.get_by_role("button", name="Restaurar").click()
    expect(page.locator(".consequences")).to_contain_text(f"0 → {counted - 1}")
    page.get_by_role("button", name="Restaurar").click()
    expect(page.locator("#messages")).to_contain_text("1 foto")
    assert held_at(stack, PLACES[0]) == counted - 1, "the correction stands"
    go_to(page, "Fotos")
    expect(card(page, "claro_1.jpg")).to_be_visible()


def test_a_photo_of_a_place_without_configuration_is_given_both_in_dialogs_and_booked(
    stack: Embedded, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page("/uploads/")
    upload(page, ADMIN, [render_small(tmp_path, "sin_lugar", kind="boxes")])
    waiting = page.locator(".job.is-waiting")
    expect(waiting).to_contain_text("No se conoce el lugar", timeout=COUNTED_WITHIN_MS)
    page.evaluate("window.isStillHere = true")

    waiting.get_by_role("link", name="Decir qué lugar es").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Buscar otro lugar").fill(UNCONFIGURED)
    dialog.get_by_role("button", name="Buscar").click()
    dialog.get_by_role("button", name=UNCONFIGURED).click()
    dialog.get_by_role("button", name="Este es el lugar").click()
    expect(dialog).to_be_hidden()
    expect(waiting).to_contain_text(UNCONFIGURED)
    assert held_at(stack, UNCONFIGURED) == 0

    waiting.get_by_role("link", name="Resolver").click()
    dialog.get_by_label("Producto").select_option(label="Árbol de jade (CRA-OVATA)")
    dialog.get_by_label("Estado").select_option(index=1)
    dialog.get_by_role("button", name="Ver qué cambia").click()
    dialog.get_by_role("button", name="Eso crece acá").click()
    expect(dialog).to_be_hidden()
    done = page.locator(".job.is-done")
    expect(done).to_contain_text("Registrado")
    assert held_at(stack, UNCONFIGURED) > 0
    assert page.evaluate("window.isStillHere"), "the page was never left"
