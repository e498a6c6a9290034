"""A real browser in front of a live server."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.slow_pages import Slowness, slowed
from tests.support.chromium import OpenPage, page_opener, running_chromium


@pytest.fixture(scope="session", autouse=True)
def _slow_pages() -> Iterator[None]:
    """Only under DEMETER_SLOW_PAGES: see slow_pages.py."""
    with ExitStack() as stack:
        if wanted := os.environ.get("DEMETER_SLOW_PAGES"):
            stack.enter_context(slowed(Slowness.parse(wanted)))
        yield


@pytest.fixture
def browser(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with running_chromium() as chromium:
        yield chromium


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[OpenPage]:
    """Open a page of the live server: see page_opener."""
    with page_opener(browser, live_server.url) as open_one:
        yield open_one
