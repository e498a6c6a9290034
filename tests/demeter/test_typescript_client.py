"""The types of the API for TypeScript are those of the API as it is."""

import json
import re
from pathlib import Path

from django.conf import settings

from demeter.management.commands.write_client import TYPES, api_description, checksum_of

FOLDER = Path(settings.BASE_DIR) / TYPES.parent


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
        for path in (Path(settings.BASE_DIR) / "static").rglob("*.js")
        if "ApiShapes[" in path.read_text()
    ]
    assert {path.name for path in scripts} >= {"place.js", "sync.js", "tus.js"}
    assert [path.name for path in scripts if not path.read_text().startswith("// @ts-check\n")] == []
