"""Waiting in a page for what no locator tells."""

import time
from typing import Any

from playwright.sync_api import Page

from tests.support.chromium import PATIENCE_MS

EVERY_MS = 50


def wait_until(page: Page, expression: str, arg: Any = None) -> None:
    """Ask the page until the expression, or the function of `arg`, is true.

    Not `page.wait_for_function`: it asks once, and then by `eval` within the page, which our Content Security Policy
    forbids. So it works where the condition holds at once, and fails elsewhere.
    """
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not page.evaluate(expression, arg):
        assert time.monotonic() < deadline, f"never true: {expression}"
        page.wait_for_timeout(EVERY_MS)
