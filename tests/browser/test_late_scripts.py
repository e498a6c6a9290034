"""Scripts that come late, over a slow line: what a page shows before stays where it is under the finger."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conditions import wait_until
from tests.browser.held_requests import HeldRequests
from tests.browser.test_pages_in_browser import sign_in
from tests.inventory.factories import StorageLocationConfigFactory
from tests.photos.count_builders import count_photo, store_photo

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

# Notes what moves without anybody having touched the page: how far, in shares of the window, and what.
WATCH = """
window.moved = [];
new PerformanceObserver((list) => {
  for (const { value, sources } of list.getEntries()) {
    window.moved.push(`${value.toFixed(3)} ${sources.map(({ node }) => node?.className || node?.nodeName).join(", ")}`);
  }
}).observe({ type: "layout-shift" });
"""
PAINTED = (
    "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
)


def open_with_late_scripts(page: Page, path: str) -> None:
    """Open a page whose scripts come only once all the rest of it is on the screen."""
    scripts = HeldRequests(page, "**/*.js")
    page.goto(path, wait_until="commit")
    page.locator(".colophon").wait_for()
    wait_until(page, "[...document.images].every((image) => image.complete)")
    page.evaluate(PAINTED)
    page.evaluate(WATCH)
    scripts.let_go()
    page.wait_for_load_state("load")


@pytest.mark.parametrize(
    ("path", "ready"),
    [
        pytest.param("/photos/", ".filters-button:visible", id="gallery"),
        pytest.param("/photos/{photo}/", "[data-viewer][data-ready]", id="photo"),
        pytest.param("/uploads/", "[data-upload][data-ready]", id="upload"),
        pytest.param("/places/", "[data-map-buttons]:visible", id="map"),
    ],
)
def test_nothing_jumps_on_a_phone_when_they_come(open_page, worker, path, ready):
    image = store_photo(worker)
    count_photo(image, StorageLocationConfigFactory().storage_location)
    page = open_page("/jobs/", width=390)
    sign_in(page, worker)
    open_with_late_scripts(page, path.format(photo=image.pk))
    expect(page.locator(ready)).to_have_count(1)
    page.evaluate(PAINTED)
    assert page.evaluate("window.moved") == []
