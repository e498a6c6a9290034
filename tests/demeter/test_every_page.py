"""What holds for every page, whatever it shows. The pages come from the URL configuration (tests/support/pages.py)."""

import re
from html.parser import HTMLParser
from typing import ClassVar

import polib
import pytest
from django.apps import apps
from django.test import Client

from demeter.accounts.choices import Role
from demeter.translations import catalogue_path
from tests.support.pages import NOT_PAGES, Nursery, Visit, build_nursery, page_patterns, unregistered, visits


@pytest.fixture
def nursery(db: None) -> Nursery:
    return build_nursery()


def test_every_page_with_arguments_is_registered() -> None:
    assert unregistered() == []


def test_what_is_said_to_be_no_page_is_an_address() -> None:
    assert set(NOT_PAGES) - set(page_patterns()) == set()


def test_every_page_answers(nursery: Nursery) -> None:
    answers = {}
    for visit in visits(nursery):
        client = Client(headers={"accept-language": "en"})
        if visit.role is not None:
            client.force_login(nursery.worker if visit.role == Role.WORKER else nursery.admin)
        response = client.get(visit.path)
        kind = response["Content-Type"].partition(";")[0]
        expected = 404 if visit.name == "not found" else 200
        if (response.status_code, kind) != (expected, "text/html"):
            answers[f"{visit.role} {visit.path}"] = (
                response.status_code,
                kind,
                response.headers.get("Location"),
            )
    assert answers == {}


class _Texts(HTMLParser):
    """What a person reads or hears of a page: text, and attributes that are told. Not scripts, icons and contents."""

    TOLD: ClassVar = {"title", "alt", "placeholder", "aria-label", "label"}
    SILENT: ClassVar = {"script", "style", "svg", "code", "pre", "textarea"}
    VOID: ClassVar = {
        "input",
        "img",
        "br",
        "hr",
        "meta",
        "link",
        "source",
        "col",
        "wbr",
        "path",
        "circle",
        "rect",
    }

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: set[str] = set()
        self._open: list[tuple[str, bool]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value for name, value in attrs if value}
        if tag not in self.VOID:
            is_icon = "material-symbols" in told.get("class", "")
            self._open.append((tag, tag in self.SILENT or is_icon))
        is_button = tag == "input" and told.get("type") in {"submit", "button"}
        for name, value in told.items():
            if name in self.TOLD or name.startswith("data-text") or (name == "value" and is_button):
                self._keep(value)

    def handle_endtag(self, tag: str) -> None:
        if tag in [name for name, _is_silent in self._open]:
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not any(is_silent for _name, is_silent in self._open):
            self._keep(data)

    def _keep(self, text: str) -> None:
        text = " ".join(text.split()).strip(" ·:←→✕—")
        if re.search(r"[^\W\d_]{3}", text):
            self.texts.add(text)


# Names that both languages share, and words that Spanish has taken over or that English leaves as they are.
SAME_IN_BOTH = {
    "DemeterAI", "AGPL-3.0", "español", "English", "GeoJSON", "Ctrl", "esc", "bytes", "claro", "beat",
    "gpu_queue", "cpu_queue", "io_queue", "default",
}  # fmt: skip


def _texts_of(nursery: Nursery, visit: Visit, language: str) -> set[str]:
    client = Client(headers={"accept-language": language})
    if visit.role is not None:
        client.force_login(nursery.worker if visit.role == Role.WORKER else nursery.admin)
    return _Texts(client.get(visit.path).text).texts


def _names() -> set[str]:
    """Whatever text rows hold: names that people gave, which no page translates."""
    found: set[str] = set()
    for model in apps.get_models():
        fields = [
            field.name for field in model._meta.concrete_fields if field.get_internal_type() in _TEXT_FIELDS
        ]
        for row in model._default_manager.values_list(*fields)[:200] if fields else ():
            found.update(" ".join(str(value).split()) for value in row if value)
    return found


_TEXT_FIELDS = {"CharField", "TextField", "EmailField", "UUIDField", "SlugField"}


def test_every_page_is_told_in_the_language_of_its_reader(nursery: Nursery) -> None:
    """A text that both languages show alike, and that is no name of a row, nobody has translated."""
    catalogue = polib.pofile(str(catalogue_path("es")))
    alike = {entry.msgid for entry in catalogue if entry.msgstr == entry.msgid}
    names = _names() | alike | SAME_IN_BOTH
    faults = []
    for visit in visits(nursery):
        if visit.is_foreign or "offline" in visit.name:  # one page a language
            continue
        spanish, english = (_texts_of(nursery, visit, language) for language in ("es", "en"))
        faults += [
            f"{visit.path}: {text}" for text in sorted(spanish & english) if not _is_made_of(text, names)
        ]
    assert faults == [], "\n" + "\n".join(faults)


def _is_made_of(text: str, names: set[str]) -> bool:
    """Whether nothing but numbers and marks is left of a text without the names in it."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return not re.search(r"[^\W\d_]{3}", text)
