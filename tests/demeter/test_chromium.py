"""Tests and tools find the browser of the machine, whoever packaged it."""

from pathlib import Path

import pytest

from demeter.chromium import find_chromium


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without a browser; `bin` is all of its search path."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("PLAYWRIGHT_BROWSERS_PATH", raising=False)
    return tmp_path


def put_program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_without_a_browser_there_is_none(home: Path) -> None:
    assert find_chromium() is None


@pytest.mark.parametrize(
    "name", ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
)
def test_a_browser_on_the_search_path_is_found(home: Path, name: str) -> None:
    program = put_program(home / "bin" / name)
    assert find_chromium() == str(program)


def test_of_playwrights_downloads_the_newest_is_taken(home: Path) -> None:
    put_program(home / ".cache/ms-playwright/chromium-999/chrome-linux/chrome")
    newest = put_program(home / ".cache/ms-playwright/chromium-1187/chrome-linux64/chrome")
    assert find_chromium() == str(newest)


def test_playwrights_downloads_may_lie_elsewhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = put_program(home / "browsers/chromium-1187/chrome-linux/chrome")
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(home / "browsers"))
    assert find_chromium() == str(program)
