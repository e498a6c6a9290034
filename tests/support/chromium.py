"""A real browser: the Chromium or Chrome of the machine, led by playwright."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from demeter.chromium import HOW_TO_INSTALL, find_chromium

CHROMIUM = find_chromium()

# A container's root may use no sandbox, and its /dev/shm is too small for pictures.
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")
PATIENCE_MS = 120_000  # for each step and each expectation, on a machine that does other things too

OpenPage = Callable[..., Page]


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Skips the test where there is no Chromium, except under DEMETER_REQUIRE_BROWSER=1.

    One a test: while it runs, playwright keeps an event loop in this thread, and Django would take every test that
    asks the database meanwhile for asynchronous code.
    """
    if CHROMIUM is None:
        if os.environ.get("DEMETER_REQUIRE_BROWSER") == "1":
            pytest.fail(
                f"DEMETER_REQUIRE_BROWSER=1, and there is no Chromium or Chrome. To install: {HOW_TO_INSTALL}."
            )
        pytest.skip(f"There is no Chromium or Chrome on this machine. To install one: {HOW_TO_INSTALL}.")
    expect.set_options(timeout=PATIENCE_MS)  # else 5 s, whatever a context says
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@contextmanager
def page_opener(browser: Browser, server_url: str) -> Iterator[OpenPage]:
    """Open a page of a server in a browser of its own; at the end, its console must have stayed silent.

    With `requests_fail`, the browser may say there that a request failed: the test is about that. Another `base_url` is
    that of a proxy before the server.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_one(
        path: str, *, width: int = 1280, requests_fail: bool = False, base_url: str = server_url
    ) -> Page:
        def hear(said: ConsoleMessage) -> None:
            is_failure = said.text.startswith("Failed to load resource")
            if said.type in {"error", "warning"} and not (requests_fail and is_failure):
                complaints.append(said.text)

        context = browser.new_context(
            base_url=base_url, locale="es-AR", viewport={"width": width, "height": 844}
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []
