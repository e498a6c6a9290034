"""Pages as on a slow phone: what races with a test's next step loses there, each time.

`DEMETER_SLOW_PAGES="cpu=4 answer=150-500 script=1000" make test ARGS=tests/browser`: scripts run at a quarter of the
speed, each answer of the server comes 150 to 500 ms late, and each script one second later still.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from playwright.sync_api import BrowserContext, Page


@dataclass(frozen=True)
class Slowness:
    """How slow: `cpu` times for what runs in a page, the least and the most for an answer, more for a script."""

    cpu: float = 1.0
    answer_ms: tuple[float, float] = (0.0, 0.0)
    script_ms: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Slowness:
        """Raises ValueError for what is no "name=value" of a known name."""
        values: dict[str, Any] = {}
        for word in text.split():
            name, _, value = word.partition("=")
            if name == "answer":
                least, _, most = value.partition("-")
                values["answer_ms"] = (float(least), float(most or least))
            elif name in ("cpu", "script"):
                values["cpu" if name == "cpu" else "script_ms"] = float(value)
            else:
                raise ValueError(f"DEMETER_SLOW_PAGES knows cpu, answer and script, not {name!r}.")
        return cls(**values)

    def delay_s(self, path: str) -> float:
        script_ms = self.script_ms if path.endswith(".js") else 0.0
        return (random.uniform(*self.answer_ms) + script_ms) / 1000


@contextmanager
def slowed(slowness: Slowness) -> Iterator[None]:
    """Make every page of every browser and every answer of the live server this slow until the block ends."""
    answer, new_page = StaticFilesHandler.__call__, BrowserContext.new_page

    def answer_late(handler: StaticFilesHandler, environ: dict[str, Any], start_response: Any) -> Any:
        path, is_asked_late = environ["PATH_INFO"], random.random() < 0.5
        if is_asked_late:
            time.sleep(slowness.delay_s(path))
        answered = answer(handler, environ, start_response)
        if not is_asked_late:
            time.sleep(slowness.delay_s(path))
        return answered

    def new_slow_page(context: BrowserContext) -> Page:
        page = new_page(context)
        if slowness.cpu > 1:
            context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slowness.cpu})
        return page

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StaticFilesHandler, "__call__", answer_late)
        patch.setattr(BrowserContext, "new_page", new_slow_page)
        yield
