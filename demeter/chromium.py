"""The Chromium or Chrome of this machine, for the tests and tools that look at pages."""

import os
import shutil
from pathlib import Path
from typing import Final

HOW_TO_INSTALL: Final = "apt-get install chromium, or .venv/bin/playwright install chromium"
_PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find_chromium() -> str | None:
    """Where the program is: on the search path, else the newest that Playwright has downloaded; None without one."""
    for name in _PROGRAMS:
        if found := shutil.which(name):
            return found
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright")
    downloaded = [path for path in folder.glob("chromium-*/chrome-linux*/chrome") if os.access(path, os.X_OK)]
    return str(max(downloaded, key=_build)) if downloaded else None


def _build(program: Path) -> int:
    """The number in the name of the folder: chromium-1187."""
    number = program.parts[-3].rpartition("-")[2]
    return int(number) if number.isdecimal() else 0
