"""The types of the API for TypeScript are those of the API as it is."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management.base import CommandError

from demeter.management.commands.write_client import TYPES, api_description, check_scripts, checksum_of
from demeter.npm import run_npm

FOLDER = Path(settings.BASE_DIR) / TYPES.parent
STATIC = Path(settings.BASE_DIR) / "static"
# What these load is no answer of the API: data of their own page, and pictures.
OF_NO_API = {STATIC / "photos/js/viewer/main.js", STATIC / "photos/js/picture/pictures.js"}


@pytest.fixture
def typescript() -> None:
    """The TypeScript of the lock file; skipped where npm can install nothing."""
    [version] = [
        package["version"]
        for name, package in json.loads((FOLDER / "package-lock.json").read_text())["packages"].items()
        if name == "node_modules/typescript"
    ]
    installed = FOLDER / "node_modules/typescript/package.json"
    if installed.is_file() and json.loads(installed.read_text())["version"] == version:
        return
    try:
        run_npm("ci", "--no-progress", "--fetch-retries=0", "--fetch-timeout=60000", folder=FOLDER)
    except CommandError as error:
        pytest.skip(f"TypeScript cannot be installed here: {error}")


def test_the_types_are_made_from_the_description_as_it_is() -> None:
    head = (Path(settings.BASE_DIR) / TYPES).read_text()[:300]
    [made_from] = re.findall(r"Description-SHA256: (\w+)", head)
    assert made_from == checksum_of(api_description()), "run `make client`"


def test_the_lock_file_names_versions_and_checksums_and_no_address() -> None:
    packages = json.loads((FOLDER / "package-lock.json").read_text())["packages"]
    installed = {name: package for name, package in packages.items() if name}
    assert installed
    assert [name for name, package in installed.items() if not package.get("integrity")] == []
    assert [name for name, package in installed.items() if "resolved" in package] == []


def test_scripts_of_pages_that_ask_the_api_are_checked_against_its_types() -> None:
    scripts = [
        path
        for path in STATIC.rglob("*.js")
        if re.search(r"\bfetch\(|XMLHttpRequest|ApiShapes\[", path.read_text()) and path not in OF_NO_API
    ]
    assert {path.name for path in scripts} >= {"jobs.js", "place.js", "sign_in_again.js", "sync.js", "tus.js"}
    assert [path.name for path in scripts if not path.read_text().startswith("// @ts-check\n")] == []


@pytest.mark.usefixtures("typescript")
def test_the_checked_scripts_name_only_what_the_api_answers() -> None:
    check_scripts()
