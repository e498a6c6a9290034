"""A photo looked at closely in a real browser: the picture in its sizes, and the marks over it."""

import hashlib
import re
import time
from io import BytesIO

import pytest
from PIL import Image as PillowImage
from playwright.sync_api import Locator, Page, expect

from photos import storage, tasks
from photos.choices import StepKind
from photos.models import Detection, Image, ProcessingStep
from tests.browser.conditions import EVERY_MS, wait_until
from tests.browser.test_pages_in_browser import fits, sign_in
from tests.inventory.factories import StorageLocationConfigFactory
from tests.photos.count_builders import count_photo, store_photo
from tests.support.chromium import PATIENCE_MS

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

WIDTH_PX, HEIGHT_PX = 3200, 2400
PLANT, DOUBTFUL = (800, 600), (1600, 600)  # px of the picture
#: The opacity (0 to 255) of what is drawn over a pixel of the picture.
INK = """([x, y]) => {
  const picture = document.querySelector("[data-picture]");
  const {a, e, f} = new DOMMatrix(picture.style.transform);
  const canvas = document.querySelector("canvas");
  const ratio = canvas.width / canvas.getBoundingClientRect().width;
  const copy = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d");
  copy.drawImage(canvas, -Math.round((x * a + e) * ratio), -Math.round((y * a + f) * ratio));
  return copy.getImageData(0, 0, 1, 1).data[3];
}"""

#: The colour of what is drawn there.
COLOUR = INK.replace(".data[3]", ".data.join()")


def jpeg(width: int, height: int) -> bytes:
    out = BytesIO()
    PillowImage.new("RGB", (width, height), (90, 120, 60)).save(out, "JPEG", quality=60)
    return out.getvalue()


@pytest.fixture
def session(worker):
    """The count of a photo that is larger than its preview: a sure plant and a doubtful one."""
    image = store_photo(worker, width_px=WIDTH_PX, height_px=HEIGHT_PX, preview_key="previews/large.jpg")
    store = storage.StorageService()
    store.upload_file(jpeg(WIDTH_PX, HEIGHT_PX), image.original_key)
    store.upload_file(jpeg(1600, 1200), image.preview_key)
    session = count_photo(image, StorageLocationConfigFactory().storage_location)
    session.detections.all().delete()
    box = {"session": session, "container": session.containers.get(), "width_px": 200, "height_px": 200}
    for spot, confidence in ((PLANT, 0.9), (DOUBTFUL, 0.3)):
        Detection.objects.create(
            **box, center_x=spot[0], center_y=spot[1], confidence=confidence, class_name="plant"
        )
    return session


def open_photo(open_page, session, worker, **options: object) -> tuple[Page, list[str]]:
    """The page of a photo with all that is marked on it, and the addresses that it has asked for."""
    page = open_page("/sign-in/", **options)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sign_in(page, worker)
    page.goto(f"/photos/{session.image_id}/")
    expect(page.locator("[data-viewer][data-ready]")).to_have_count(1)
    expect(page.locator("[data-viewer][data-shown=small]")).to_have_count(1)
    return page, asked


def asks_original(session, asked: list[str]) -> bool:
    return any(session.image.original_key in address for address in asked)


def double_tap(page: Page, target: Locator) -> None:
    """Two taps in the middle, a person's by the times that they carry, however late they are handled."""
    box = target.bounding_box()
    assert box is not None
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    mouse, now = page.context.new_cdp_session(page), time.time()
    for number, kind in enumerate(("mousePressed", "mouseReleased") * 2):
        said = {
            "type": kind,
            "button": "left",
            "clickCount": 1 + number // 2,
            "timestamp": now + 0.05 * number,
        }
        mouse.send("Input.dispatchMouseEvent", {**at, **said})


def wait_for_ink(page: Page, spot: tuple[int, int], *, is_there: bool) -> None:
    wait_until(page, f"(spot) => (({INK})(spot) > 0) === {str(is_there).lower()}", list(spot))


@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
def test_the_wheel_leads_to_the_full_resolution_which_is_loaded_only_then(open_page, session, worker, width):
    page, asked = open_photo(open_page, session, worker, width=width)
    assert not asks_original(session, asked)
    assert fits(page)

    page.locator("canvas").hover()
    for _ in range(12):
        page.mouse.wheel(0, -200)
    expect(page.locator("[data-viewer][data-shown=full]")).to_have_count(1)
    assert asks_original(session, asked)
    assert page.locator("[data-picture] img").last.evaluate("(image) => image.naturalWidth") == WIDTH_PX
    shown = page.locator("[data-zoom-value]").inner_text()
    assert int(shown.split()[0]) >= 100  # a pixel of the photo spans one of the screen


@pytest.mark.parametrize("address", ["/photos/{}/", "/photos/{}/correct/"], ids=["photo", "corrector"])
def test_a_photo_that_browsers_do_not_show_is_made_in_full_size_for_who_zooms_in(
    open_page, session, worker, address
):
    image = session.image
    content = jpeg(WIDTH_PX, HEIGHT_PX)  # the row alone says that it is a HEIC
    Image.objects.update(content_type="image/heic", sha256=hashlib.sha256(content).hexdigest())
    steps = ProcessingStep.objects.filter(kind=StepKind.UPLOAD_FULL_PICTURE)
    page = open_page("/sign-in/")
    sign_in(page, worker)
    page.goto(address.format(image.pk))
    shown = page.locator("[data-picture] img").last
    expect(shown).to_have_attribute("src", re.compile("previews/large.jpg"))
    assert not steps.exists()

    page.locator("canvas").hover()
    for _ in range(12):
        page.mouse.wheel(0, -200)
    for _ in range(PATIENCE_MS // EVERY_MS):  # the browser goes on meanwhile
        if steps.exists():
            break
        page.wait_for_timeout(EVERY_MS)
    tasks.upload_full_picture(steps.get().pk)

    image.refresh_from_db()
    expect(shown).to_have_attribute("src", re.compile(image.full_picture_key))
    assert shown.evaluate("(image) => image.naturalWidth") == WIDTH_PX


def test_layers_and_the_slider_hide_marks_and_the_keyboard_zooms(open_page, session, worker):
    page, _asked = open_photo(open_page, session, worker)
    wait_for_ink(page, PLANT, is_there=True)
    wait_for_ink(page, DOUBTFUL, is_there=True)

    page.get_by_label("Confianza desde").fill("50")
    wait_for_ink(page, DOUBTFUL, is_there=False)
    wait_for_ink(page, PLANT, is_there=True)
    expect(page.locator("[data-count=living]")).to_have_text("1 / 2")
    page.get_by_label("Plantas vivas").uncheck()
    wait_for_ink(page, PLANT, is_there=False)

    canvas = page.locator("canvas")
    canvas.focus()
    fitted = page.locator("[data-zoom-value]").inner_text()
    page.keyboard.press("+")
    expect(page.locator("[data-zoom-value]")).not_to_have_text(fitted)
    before = page.locator("[data-picture]").evaluate("(picture) => picture.style.transform")
    page.keyboard.press("ArrowRight")
    wait_until(
        page, "(before) => document.querySelector('[data-picture]').style.transform !== before", before
    )
    page.keyboard.press("0")
    expect(page.locator("[data-zoom-value]")).to_have_text(fitted)
    double_tap(page, canvas)
    expect(page.locator("[data-viewer][data-shown=full]")).to_have_count(1)

    page.get_by_role("button", name="Toda la ventana, y de vuelta").click()
    expect(page.locator("dialog[open] canvas")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("[data-viewer] > [data-stage] canvas")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
def test_two_fingers_zoom_in_where_they_are_and_out_again(open_page, session, worker, width):
    page, asked = open_photo(open_page, session, worker, width=width)
    zoom = page.locator("[data-zoom-value]")
    fitted = zoom.text_content()
    page.locator("canvas").scroll_into_view_if_needed()

    pinch(page, 20, 60, 120)
    expect(page.locator("[data-viewer].is-zoomed")).to_have_count(1)
    for _ in range(3):
        pinch(page, 20, 60, 120)
    expect(page.locator("[data-viewer][data-shown=full]")).to_have_count(1)
    assert asks_original(session, asked)
    wait_for_ink(page, PLANT, is_there=False)  # it lies outside of what is in sight

    for _ in range(5):
        pinch(page, 120, 60, 20)
    expect(zoom).to_have_text(str(fitted))
    wait_for_ink(page, PLANT, is_there=True)


def pinch(page: Page, *apart: int) -> None:
    """Two fingers in the middle of the picture, so many CSS px from it to either side."""
    box = page.locator("canvas").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)
    for index, px in enumerate(apart):
        points = [{"x": x - px, "y": y, "id": 1}, {"x": x + px, "y": y, "id": 2}]
        touch.send(
            "Input.dispatchTouchEvent",
            {"type": "touchMove" if index else "touchStart", "touchPoints": points},
        )
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_plants_are_coloured_by_their_size(open_page, session, worker):
    session.detections.filter(confidence=0.3).update(width_px=400, height_px=400)
    page, _asked = open_photo(open_page, session, worker)
    alike = [colour(page, PLANT), colour(page, DOUBTFUL)]
    assert alike[0] == alike[1]
    legend = page.locator("[data-sizes-legend]")
    expect(legend).to_be_hidden()

    page.get_by_label("Colorear por tamaño").check()
    expect(legend).to_contain_text("≤ 200\u00a0px")
    expect(legend).to_contain_text("> 200\u00a0px")
    wait_until(page, f"(spot) => ({COLOUR})(spot) !== '{alike[0]}'", list(PLANT))
    assert colour(page, PLANT) != colour(page, DOUBTFUL)

    page.get_by_label("Colorear por tamaño").uncheck()
    wait_until(page, f"(spot) => ({COLOUR})(spot) === '{alike[0]}'", list(PLANT))


def colour(page: Page, spot: tuple[int, int]) -> str:
    wait_for_ink(page, spot, is_there=True)
    found: str = page.evaluate(COLOUR, list(spot))
    return found
