"""Collecting the stylesheets: once, and again when one changes."""

import json
from pathlib import Path

import pytest

from demeter.static_collection import collect_static_if_changed


@pytest.fixture
def source(tmp_path: Path, settings) -> Path:
    """The only stylesheet of the project."""
    settings.STATICFILES_DIRS = [tmp_path / "sources"]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    settings.STATIC_ROOT = tmp_path / "collected"
    path = tmp_path / "sources" / "site.css"
    path.parent.mkdir()
    path.write_text("a { color: green }")
    return path


def test_the_sources_are_collected_once_and_not_again_while_nothing_changes(source: Path, settings) -> None:
    assert collect_static_if_changed() is True
    assert (settings.STATIC_ROOT / "staticfiles.json").is_file()
    assert collect_static_if_changed() is False


def test_a_changed_source_is_collected_under_a_new_name(source: Path, settings) -> None:
    collect_static_if_changed()
    source.write_text("a { color: dark green }")
    assert collect_static_if_changed() is True
    copies = [path.read_text() for path in settings.STATIC_ROOT.glob("site.*.css")]
    assert sorted(copies) == ["a { color: dark green }", "a { color: green }"]


def test_what_is_collected_does_not_depend_on_the_tools_of_developers(source: Path, settings) -> None:
    """Brotli, which a package of the load tests brings along, takes long and is not in our images."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "demeter.static_storage.ModuleStaticFilesStorage"},
    }
    source.write_text("a { color: green }\n" * 500)
    collect_static_if_changed()
    suffixes = {path.suffix for path in settings.STATIC_ROOT.rglob("site.*")}
    assert suffixes == {".css", ".gz"}


def test_all_that_the_project_has_can_be_collected(settings, tmp_path: Path) -> None:
    """Packages bring scripts whose comments name files that they lack."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "demeter.static_storage.ModuleStaticFilesStorage"},
    }
    settings.STATIC_ROOT = tmp_path / "collected"
    assert collect_static_if_changed() is True
    names = json.loads((settings.STATIC_ROOT / "staticfiles.json").read_text())["paths"]
    assert "demeter/css/base.css" in names
    assert "django_htmx/htmx-2.min.js" in names
