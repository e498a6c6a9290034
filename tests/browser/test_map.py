"""The map of a warehouse: moved and zoomed by keys, buttons and a mouse; a click leads to the place."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_pages_in_browser import sign_in
from tests.inventory.factories import StorageLocationConfigFactory

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

VIEW = "document.querySelector('.map').getAttribute('viewBox').split(' ').map(Number)"


def test_a_map_is_zoomed_and_moved_and_a_drag_is_no_click(open_page, worker):
    place = StorageLocationConfigFactory().storage_location
    house = place.storage_area.warehouse
    page = open_page("/places/")
    sign_in(page, worker)
    whole = page.evaluate(VIEW)
    svg = page.locator(".map")
    box = svg.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    page.get_by_role("button", name="Acercar").click()
    zoomed = page.evaluate(VIEW)
    assert zoomed[2] < whole[2]
    page.mouse.move(*middle)
    expect(page.locator("[data-map-told]")).to_contain_text(house.code)

    page.mouse.down()
    page.mouse.move(middle[0] + 80, middle[1] + 10, steps=4)
    page.mouse.up()
    dragged = page.evaluate(VIEW)
    assert dragged[0] < zoomed[0]
    assert page.url.endswith("/places/")

    page.locator("[data-map-frame]").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(VIEW)[0] > dragged[0]
    page.keyboard.press("0")
    assert page.evaluate(VIEW) == whole
    expect(page.get_by_role("button", name="Alejar")).to_be_disabled()

    page.mouse.click(*middle)
    expect(page).to_have_url(f"{page.url.split('/places/')[0]}/places/warehouses/{house.pk}/")
    expect(page.get_by_role("heading", level=1)).to_have_text(house.name)
