"""Correcting a count in a real browser: what is tapped is saved, survives a lost connection, and is booked."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from inventory.models import StockBatch
from photos.models import Correction, ProcessingSession
from photos.services.corrections.findings import Box, HandCount, corrected_findings
from photos.services.corrections.sums import Sums, correct_sums
from photos.services.review.edits import correct
from tests.browser.conditions import wait_until
from tests.browser.held_requests import HeldRequests
from tests.browser.test_pages_in_browser import fits, sign_in
from tests.conftest import PASSWORD
from tests.inventory.factories import StorageLocationConfigFactory
from tests.photos.count_builders import count_photo, store_photo

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

FREE_SPOT = (35, 25)  # px of the picture, where nothing was found
PLANT, DEAD = (10, 10), (20, 10)


@pytest.fixture
def session(worker) -> ProcessingSession:
    """One living and one dead plant and one empty cell seen, two estimated; three are booked."""
    return count_photo(store_photo(worker), StorageLocationConfigFactory().storage_location)


def open_corrector(open_page, session, user, **options: object) -> Page:
    page = open_page(f"/photos/{session.image_id}/correct/", **options)
    page.get_by_label("Correo electrónico").fill(user.email)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.get_by_role("button", name="Ingresar").click()
    expect_ready(page)
    return page


def expect_ready(page: Page) -> None:
    """What was found is there: the numbers of the page are those of the server before."""
    expect(page.locator("[data-corrector][data-ready]")).to_have_count(1)


# What has changed is drawn in the next frame, and a new size is known at the end of one.
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def on_screen(page: Page, spot: tuple[float, float]) -> tuple[float, float]:
    """Where a pixel of the picture lies on the canvas, as its transform says."""
    page.evaluate(DRAWN)
    transform = page.locator("[data-picture]").evaluate("(picture) => picture.style.transform")
    x, y, scale = map(float, re.findall(r"-?[\d.]+(?:e-?\d+)?", transform))
    return spot[0] * scale + x, spot[1] * scale + y


def tap(page: Page, spot: tuple[float, float]) -> None:
    x, y = on_screen(page, spot)
    page.locator("canvas").click(position={"x": x, "y": y})


def tool(page: Page, name: str) -> None:
    page.locator(f"[data-tool={name}]").click()


def expect_saved(page: Page) -> None:
    expect(page.locator("p[data-state]")).to_have_text("Guardado")


def living(page: Page) -> object:
    return expect(page.locator("dd[data-living]"))


def sums(session: ProcessingSession) -> Sums:
    return correct_sums(ProcessingSession.objects.get(pk=session.pk)).photo


@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
def test_plants_are_added_deleted_relabelled_and_it_is_undone(open_page, session, worker, width):
    page = open_corrector(open_page, session, worker, width=width)
    living(page).to_have_text("3")
    tap(page, FREE_SPOT)
    living(page).to_have_text("4")
    tool(page, "delete")
    tap(page, DEAD)
    tool(page, "select")
    tap(page, PLANT)
    page.locator("[data-label=dead]").click()
    living(page).to_have_text("3")
    expect_saved(page)
    assert sums(session) == Sums(detected=2, estimated=2, dead=1, empty=1)

    page.locator("[data-act=undo]").click()
    page.locator("[data-act=undo]").click()
    expect(page.locator("dd[data-dead]")).to_have_text("1")
    page.locator("[data-act=undo]").click()
    living(page).to_have_text("3")
    expect_saved(page)
    assert sums(session) == Sums(detected=2, estimated=2, dead=1, empty=1)
    page.locator("[data-act=redo]").click()
    living(page).to_have_text("4")
    expect_saved(page)
    assert sums(session).detected == 3
    assert fits(page)


def test_plants_that_stand_close_are_added_beside_each_other(open_page, session, worker):
    page = open_corrector(open_page, session, worker)
    tap(page, (14.4, 12.4))  # within the corners of a box, beside its mark
    living(page).to_have_text("4")
    tap(page, (11, 10))  # on the mark: it is selected
    expect(page.locator("[data-selected]")).to_have_text("Seleccionados: 1")
    living(page).to_have_text("4")
    expect_saved(page)


def test_what_was_corrected_is_there_after_a_reload(open_page, session, worker):
    page = open_corrector(open_page, session, worker)
    tap(page, FREE_SPOT)
    expect_saved(page)
    page.reload()
    expect_ready(page)
    living(page).to_have_text("4")
    tool(page, "delete")
    tap(page, FREE_SPOT)
    living(page).to_have_text("3")
    expect_saved(page)
    assert sums(session).detected == 2


def test_changes_made_without_a_connection_are_kept_and_sent_when_it_is_back(open_page, session, worker):
    page = open_corrector(open_page, session, worker, requests_fail=True)
    page.route(
        "**/detections?*",
        lambda route: route.abort() if route.request.method == "PATCH" else route.fallback(),
    )
    tap(page, FREE_SPOT)
    expect(page.locator("p[data-state]")).to_have_text("Sin conexión; quedan en este dispositivo: 1")
    page.reload()
    expect(
        page.locator("[data-failed]")
    ).to_be_visible()  # the request that was under way cannot be asked about
    assert not Correction.objects.exists()

    page.unroute("**/detections?*")
    living(page).to_have_text("4")
    expect_saved(page)
    assert sums(session).detected == 3
    kept = page.evaluate("Object.keys(localStorage)")
    assert kept == ["uploads-user"], "nothing of the corrections, only who is signed in"


def test_an_answer_that_was_lost_does_not_count_twice(open_page, session, worker):
    page = open_corrector(open_page, session, worker, requests_fail=True)

    def lose_the_answer(route):
        if route.request.method == "PATCH":
            route.fetch()
            route.abort()
        else:
            route.fallback()

    page.route("**/detections?*", lose_the_answer, times=1)
    tap(page, FREE_SPOT)
    living(page).to_have_text("4")
    expect_saved(page)
    assert sums(session).detected == 3
    assert Correction.objects.count() == 1


def test_a_conflict_is_shown_and_both_ways_out_work(open_page, session, worker, supervisor):
    page = open_corrector(open_page, session, worker, requests_fail=True)

    def somebody_else_counts(version: int, count: int) -> None:
        operations = {"hand_counts": [{"container_id": session.containers.get().pk, "living": count}]}
        correct(session=session, user=supervisor, version=version, operations=operations)

    somebody_else_counts(1, 40)
    tap(page, FREE_SPOT)
    expect(page.locator("[data-alert-text]")).to_have_text(
        f"{supervisor.name} corrigió este conteo mientras tanto."
    )
    page.locator("[data-act=keep-mine]").click()
    expect_saved(page)
    living(page).to_have_text("40")
    assert ProcessingSession.objects.get(pk=session.pk).version == 3

    somebody_else_counts(3, 50)
    tool(page, "delete")
    tap(page, PLANT)
    page.locator("[data-act=discard-mine]").click()
    expect_saved(page)
    living(page).to_have_text("50")
    assert ProcessingSession.objects.get(pk=session.pk).version == 4


@pytest.mark.parametrize("way_out", ["keep-mine", "discard-mine"])
def test_what_is_selected_stays_selected_through_a_conflict_and_is_what_the_server_has(
    open_page, session, worker, supervisor, way_out
):
    page = open_corrector(open_page, session, worker, requests_fail=True)
    place = {"center_x": 14, "center_y": 20, "width_px": 10, "height_px": 6}
    plant = session.detections.get(class_name="plant")
    operations = {"move": [{"id": plant.pk, **place}]}
    correct(session=session, user=supervisor, version=1, operations=operations)
    page.locator("[data-label=dead]").click()
    tap(page, FREE_SPOT)
    expect(page.locator("[data-keep]")).to_be_visible()
    tool(page, "select")
    tap(page, PLANT)
    page.locator(f"[data-act={way_out}]").click()
    expect_saved(page)

    page.locator("canvas").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect_saved(page)
    moved = boxes_of(session)["plant"]
    assert (moved.center_x, moved.center_y) == (16, 20)

    page.keyboard.press("Delete")
    expect(page.locator("[data-selection]")).to_be_hidden()
    page.locator("[data-label=empty]").click()
    expect_saved(page)
    assert "plant" not in boxes_of(session)
    assert sum(box.class_name == "empty" for box in corrected_findings(session).boxes.values()) == 1


@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
def test_whatever_the_page_says_the_picture_stays_under_the_finger(
    open_page, session, worker, supervisor, width
):
    page = open_corrector(open_page, session, worker, requests_fail=True, width=width)
    state = page.locator("p[data-state]")
    expect_saved(page)
    frame = page.locator("canvas").bounding_box()
    assert frame is not None
    page.route(
        "**/detections?*",
        lambda route: route.abort() if route.request.method == "PATCH" else route.fallback(),
    )
    tap(page, FREE_SPOT)
    expect(state).to_contain_text("Sin conexión")
    assert state.evaluate("(line) => line.scrollWidth <= line.clientWidth")
    assert page.locator("canvas").bounding_box() == frame

    correct(
        session=session,
        user=supervisor,
        version=1,
        operations={"hand_counts": [{"container_id": session.containers.get().pk, "living": 40}]},
    )
    page.unroute("**/detections?*")
    expect(page.locator("[data-keep]")).to_be_visible()
    tool(page, "select")
    tap(page, FREE_SPOT)
    page.locator("[data-act=deselect]").click()  # it lies beside what is asked
    expect(page.locator("[data-selection]")).to_be_hidden()
    assert page.locator("canvas").bounding_box() == frame


def test_what_is_tapped_before_the_findings_are_there_is_told_and_what_is_tapped_then_counts(
    open_page, session, worker
):
    page = open_page("/photos/")
    sign_in(page, worker)
    findings = HeldRequests(page, "**/detections?*")
    page.goto(f"/photos/{session.image_id}/correct/")
    wait_until(page, "document.querySelector('[data-picture]').style.transform !== ''")
    expect(page.locator("[data-said]")).to_have_text("Cargando lo encontrado…")
    tap(page, FREE_SPOT)
    living(page).to_have_text("3")
    findings.let_go()
    expect_ready(page)
    tap(page, FREE_SPOT)
    living(page).to_have_text("4")
    expect_saved(page)
    assert sums(session).detected == 3


def test_what_is_edited_while_another_ones_corrections_are_fetched_is_kept_too(
    open_page, session, worker, supervisor
):
    page = open_corrector(open_page, session, worker, requests_fail=True)
    empty = session.detections.get(class_name="empty")
    operations = {"relabel": [{"id": empty.pk, "class_name": "dead"}]}
    correct(session=session, user=supervisor, version=1, operations=operations)
    tap(page, FREE_SPOT)
    expect(page.locator("[data-keep]")).to_be_visible()
    findings = HeldRequests(page, "**/detections?*")
    page.locator("[data-act=keep-mine]").click()
    tool(page, "delete")
    tap(page, DEAD)
    expect(page.locator("dd[data-dead]")).to_have_text("0")
    findings.let_go()
    expect_saved(page)
    assert sums(session) == Sums(detected=3, estimated=2, dead=1, empty=0)


def test_an_ended_session_keeps_the_changes_until_the_same_person_is_back(open_page, session, worker):
    page = open_corrector(open_page, session, worker, requests_fail=True)
    Session.objects.all().delete()
    tap(page, FREE_SPOT)
    expect(page.locator("[data-sign-in]")).to_be_visible()
    page.locator("[data-sign-in]").click()
    page.get_by_label("Correo electrónico").fill(worker.email)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.get_by_role("button", name="Ingresar").click()
    living(page).to_have_text("4")
    expect_saved(page)
    assert sums(session).detected == 3


def drag(page: Page, *spots: tuple[float, float]) -> None:
    frame = page.locator("canvas").bounding_box()
    assert frame is not None
    for index, spot in enumerate(spots):
        x, y = on_screen(page, spot)
        page.mouse.move(frame["x"] + x, frame["y"] + y, steps=4)
        if index == 0:
            page.mouse.down()
    page.mouse.up()


def boxes_of(session: ProcessingSession) -> dict[str, Box]:
    return {
        box.class_name: box
        for box in corrected_findings(ProcessingSession.objects.get(pk=session.pk)).boxes.values()
    }


def test_a_box_is_moved_and_resized_and_a_lasso_takes_many(open_page, session, worker):
    page = open_corrector(open_page, session, worker)
    tool(page, "select")
    frame = page.locator("canvas").bounding_box()
    tap(page, PLANT)
    expect(page.locator("[data-selected]")).to_have_text("Seleccionados: 1")
    assert page.locator("canvas").bounding_box() == frame  # the picture stays under the finger
    drag(page, PLANT, (12, 20))
    expect_saved(page)
    moved = boxes_of(session)["plant"]
    assert (moved.center_x, moved.center_y) == (pytest.approx(12, abs=0.3), pytest.approx(20, abs=0.3))

    drag(page, (17, 23), (19, 27))  # its corner
    expect_saved(page)
    resized = boxes_of(session)["plant"]
    assert (resized.width_px, resized.height_px) == (pytest.approx(12, abs=0.4), pytest.approx(10, abs=0.4))

    tool(page, "lasso")
    drag(page, (15, 5), (35, 5), (35, 15), (15, 15))
    expect(page.locator("[data-selected]")).to_have_text("Seleccionados: 2")
    page.locator("[data-act=delete-selected]").click()
    expect_saved(page)
    assert set(boxes_of(session)) == {"plant"}


def test_the_keyboard_alone_adds_relabels_moves_deletes_and_undoes(open_page, session, worker):
    page = open_corrector(open_page, session, worker)
    page.locator("canvas").focus()
    for key in ("2", "a", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("dd[data-dead]")).to_have_text("2")
    for key in ("n", "1", "Shift+ArrowRight"):
        page.keyboard.press(key)
    expect_saved(page)
    relabelled = Box(
        20.0, 10.0, 10.0, 6.0, 0.9, "plant", session.containers.get().pk
    )  # it was dead, and 10 px left
    assert relabelled in corrected_findings(session).boxes.values()
    page.keyboard.press("Delete")
    living(page).to_have_text("2")
    page.keyboard.press("Control+z")
    living(page).to_have_text("3")
    expect_saved(page)


def test_the_wheel_and_two_fingers_zoom_and_a_drag_moves_the_picture(open_page, session, worker):
    page = open_corrector(open_page, session, worker)
    scale = "new DOMMatrix(document.querySelector('[data-picture]').style.transform).a"
    (x, _y), before = on_screen(page, (0, 0)), page.evaluate(scale)
    drag(page, (20, 25), (25, 25))
    assert on_screen(page, (0, 0))[0] == pytest.approx(x + 5 * before, abs=2)
    page.mouse.wheel(0, -300)
    wait_until(page, f"(before) => {scale} > before * 1.3", before)
    assert not Correction.objects.exists()

    before = page.evaluate(scale)
    touch = page.context.new_cdp_session(page)
    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 120)):
        points = [{"x": 400 - apart, "y": 400, "id": 1}, {"x": 400 + apart, "y": 400, "id": 2}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    wait_until(page, f"(before) => {scale} > before * 1.5", before)
    assert not Correction.objects.exists()


def test_a_fingers_tap_adds_a_plant(open_page, session, worker):
    page = open_corrector(open_page, session, worker, width=390)
    frame = page.locator("canvas").bounding_box()
    assert frame is not None
    x, y = on_screen(page, FREE_SPOT)
    touch = page.context.new_cdp_session(page)
    for kind, points in (("touchStart", [{"x": frame["x"] + x, "y": frame["y"] + y}]), ("touchEnd", [])):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    living(page).to_have_text("4")
    expect_saved(page)


def test_a_strict_content_security_policy_keeps_nothing_from_working(open_page, session, worker):
    policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"

    def with_policy(route):
        response = route.fetch()
        route.fulfill(response=response, headers={**response.headers, "content-security-policy": policy})

    page = open_page("/photos/")
    page.route("**/correct/", with_policy)
    sign_in(page, worker)
    page.goto(f"/photos/{session.image_id}/correct/")
    expect_ready(page)
    wait_until(page, "document.querySelectorAll('[data-picture] img')[1].naturalWidth > 0")
    tap(page, FREE_SPOT)
    living(page).to_have_text("4")
    expect_saved(page)


def test_a_count_by_hand_and_another_type_are_kept(open_page, session, worker):
    page = open_corrector(open_page, session, worker, width=390)
    page.get_by_role("button", name="Números").click()
    container = session.containers.get().pk
    page.locator(f"#container-{container}-type").select_option("box")
    form = page.locator(".corrector-container").first
    form.get_by_text("Contado a mano").click()
    form.get_by_label("Vivas").fill("12.5")
    form.get_by_role("button", name="Aplicar").click()
    expect(form.get_by_role("alert")).to_contain_text("número entero")
    form.get_by_label("Vivas").fill("21")
    form.get_by_label("Muertas").fill("4")
    form.get_by_role("button", name="Aplicar").click()
    living(page).to_have_text("21")
    expect_saved(page)
    findings = corrected_findings(session)
    assert findings.types == {container: "box"}
    assert findings.hand_counts == {None: HandCount(21, 4)}
    form.get_by_role("button", name="Usar lo marcado").click()
    living(page).to_have_text("3")


def test_a_supervisor_sees_what_the_stock_becomes_and_validates(open_page, session, supervisor):
    page = open_corrector(open_page, session, supervisor)
    tap(page, FREE_SPOT)
    page.get_by_role("link", name="Revisar y validar").click()
    expect(page.locator(".consequences")).to_contain_text("3 → 4")
    assert held() == 3
    page.get_by_role("button", name="Validar el conteo").click()
    expect(page.locator(".count-total")).to_contain_text("5")
    assert held() == 4
    validated = ProcessingSession.objects.get(pk=session.pk)
    assert (validated.validated_by, validated.detected, validated.total_detected) == (supervisor, 3, 2)


def held() -> int:
    return sum(StockBatch.objects.values_list("quantity_current", flat=True))
