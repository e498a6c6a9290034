"""An administrator draws the outline of a place on its map: with the pointer, with keys, and takes it back."""

import json

import pytest
from playwright.sync_api import expect

from inventory.models import StorageLocation
from tests.browser.test_pages_in_browser import sign_in_to_administration
from tests.inventory.factories import StorageLocationFactory

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_an_outline_is_dragged_moved_by_keys_taken_back_and_saved(open_page, admin):
    place = StorageLocationFactory()
    page = open_page(f"/admin/inventory/storagelocation/{place.pk}/change/")
    sign_in_to_administration(page, admin)
    field, area = page.locator("textarea[name=polygon]"), page.locator("[data-area]")
    expect(area).to_have_text("100 m²")
    corners = page.locator("[data-corner]")
    expect(corners).to_have_count(4)

    corners.nth(0).focus()  # the south-west one
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
    expect(area).to_have_text("115 m²")
    page.get_by_role("button", name="Deshacer").click()
    expect(area).to_have_text("110 m²")

    page.locator("[data-middle]").nth(0).scroll_into_view_if_needed()
    box = page.locator("[data-middle]").nth(0).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 20, steps=4)
    page.mouse.up()
    expect(corners).to_have_count(5)
    corners.nth(1).focus()
    page.keyboard.press("Delete")
    expect(corners).to_have_count(4)
    expect(area).to_have_text("110 m²")

    [ring] = json.loads(field.input_value())["coordinates"]
    assert ring[0] == ring[-1]
    page.get_by_role("button", name="Guardar", exact=True).first.click()
    page.wait_for_url("**/storagelocation/")
    assert StorageLocation.objects.get(pk=place.pk).area_m2 == pytest.approx(110, abs=0.1)
