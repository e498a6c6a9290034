"""Requests that wait until a test lets them go, as on a slow connection."""

from playwright.sync_api import Page, Route

from tests.support.waiting import reached


class HeldRequests:
    """Holds what a page asks for at addresses of this pattern until it is let go; what comes later passes."""

    def __init__(self, page: Page, pattern: str) -> None:
        self._page = page
        self._held: list[Route] = []
        self._is_over = False
        page.route(pattern, self._hold)

    def _hold(self, route: Route) -> None:
        if self._is_over:
            route.fallback()
        else:
            self._held.append(route)

    def let_go(self) -> None:
        """Wait until the page has asked, which playwright tells while it is asked something, and let it pass."""
        assert reached(lambda: bool(self._page.evaluate("true") and self._held)), "the page asks for nothing"
        self._is_over = True
        for route in self._held:
            route.fallback()
