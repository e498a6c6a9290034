"""The catalogue of translated texts: collected from the sources, compiled, and checked for what is missing.

GNU gettext does the same with `makemessages` and `compilemessages`, but a machine may lack it; this needs Python only.
Read by `manage.py messages` alone: polib is no part of a running installation.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import polib
from django.conf import settings
from django.utils.translation.template import templatize

# How each function's leading arguments are meant; `_` is how the others are imported.
_SINGLE: Final = ("msgid",)
_PLURAL: Final = ("msgid", "plural")
_FUNCTIONS: Final = {
    "_": _SINGLE, "gettext": _SINGLE, "gettext_lazy": _SINGLE, "gettext_noop": _SINGLE,
    "ngettext": _PLURAL, "ngettext_lazy": _PLURAL,
    "pgettext": ("context", *_SINGLE), "pgettext_lazy": ("context", *_SINGLE),
    "npgettext": ("context", *_PLURAL), "npgettext_lazy": ("context", *_PLURAL),
}  # fmt: skip
_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)|%[sd]|\{(\w*)\}")
_TEMPLATE_CALL: Final = re.compile(rf"(?<![\w.])(?:{'|'.join(_FUNCTIONS)})\(")
_SOURCES: Final = ("demeter", "inventory", "photos", "mlpipeline", "templates")
# Ships no translations of its own: what Django does not translate for it either is translated here.
_UNTRANSLATED_PACKAGE: Final = "unfold"
_TRANSLATED_PACKAGES: Final = ("django", "rest_framework", "django_filters")
_HEADER: Final = {
    "Project-Id-Version": "DemeterAI",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
}
_PLURAL_FORMS: Final = {"es": "nplurals=2; plural=(n != 1);"}


@dataclass(frozen=True, order=True)
class Text:
    """One text to translate. The context tells equal texts apart that mean different things."""

    msgid: str
    context: str = ""
    plural: str = field(default="", compare=False)  # one entry serves the text with and without its plural


def catalogue_path(language: str) -> Path:
    """The .po file of a language; the compiled .mo lies beside it."""
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


def translated_languages() -> list[str]:
    """Every language but English, which the texts themselves are."""
    return [code for code, _name in settings.LANGUAGES if code != "en"]


def python_texts(source: str) -> Iterator[Text]:
    """The texts in a Python source. A text that is put together at run time cannot be found and is passed over."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            roles = _FUNCTIONS.get(name, ())
            words = [
                argument.value
                for argument in node.args[: len(roles)]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            ]
            if roles and len(words) == len(roles):
                yield Text(**dict(zip(roles, words, strict=True)))


def template_texts(source: str) -> Iterator[Text]:
    """The texts in a template, as Django's own tool sees them: calls of gettext between blanked markup."""
    code = templatize(source)
    for match in _TEMPLATE_CALL.finditer(code):
        yield from python_texts(_call_at(code, match.start()))


def collect(language: str) -> dict[Text, list[str]]:
    """Every text that needs a translation into this language, with the files it stands in."""
    ours = _texts_below(Path(settings.BASE_DIR), _SOURCES)
    return {**_texts_left_by_packages(language), **ours}


def updated_catalogue(language: str) -> polib.POFile:
    """The catalogue with every text of the sources and no other; translations that are there stay."""
    path = catalogue_path(language)
    old = {_key(entry): entry for entry in polib.pofile(str(path))} if path.exists() else {}
    catalogue = polib.POFile(wrapwidth=110)
    catalogue.metadata = {**_HEADER, "Language": language, "Plural-Forms": _PLURAL_FORMS[language]}
    for text, files in sorted(collect(language).items()):
        places = [(name, "") for name in files]  # without line numbers, which change with every edit
        entry = polib.POEntry(msgid=text.msgid, msgctxt=text.context or None, occurrences=places)
        before = old.get(text)
        if text.plural:
            entry.msgid_plural = text.plural
            entry.msgstr_plural = before.msgstr_plural if before and before.msgid_plural else {0: "", 1: ""}
        else:
            entry.msgstr = before.msgstr if before else ""
        entry.flags = ["python-format"] if "%(" in text.msgid else []
        catalogue.append(entry)
    return catalogue


def write_catalogue(language: str) -> list[str]:
    """Update and compile a language's catalogue; the texts that still have no translation."""
    path = catalogue_path(language)
    catalogue = updated_catalogue(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(path))
    catalogue.save_as_mofile(str(path.with_suffix(".mo")))
    return [entry.msgid for entry in catalogue if not entry.translated()]


def catalogue_errors(language: str) -> list[str]:
    """What is wrong with a language's committed catalogue, one sentence a fault; empty if it is whole."""
    path = catalogue_path(language)
    if not path.exists():
        return [f"{language}: there is no catalogue at {path}"]
    catalogue = polib.pofile(str(path))
    wanted, present = set(collect(language)), {_key(entry) for entry in catalogue}
    compiled = path.with_suffix(".mo")
    is_compiled = compiled.exists() and compiled.read_bytes() == catalogue.to_binary()
    return [
        *(f"{language}: not in the catalogue: {text.msgid!r}" for text in sorted(wanted - present)),
        *(f"{language}: no longer used: {text.msgid!r}" for text in sorted(present - wanted)),
        *(f"{language}: not translated: {entry.msgid!r}" for entry in catalogue if not entry.translated()),
        *(
            f"{language}: other placeholders: {entry.msgid!r}"
            for entry in catalogue
            if not _same_placeholders(entry)
        ),
        *([] if is_compiled else [f"{language}: compile it again"]),
    ]


def _call_at(code: str, start: int) -> str:
    """The whole call that begins at `start`: the shortest piece up to a closing bracket that is valid Python."""
    for end in (match.end() for match in re.finditer(r"\)", code[start:])):
        piece = code[start : start + end]
        try:
            ast.parse(piece)
        except SyntaxError:
            continue
        return piece
    return ""


def _texts_below(root: Path, folders: Iterable[str]) -> dict[Text, list[str]]:
    found: dict[Text, set[str]] = defaultdict(set)
    plurals: dict[Text, str] = {}
    readers = {".py": python_texts, ".html": template_texts, ".txt": template_texts}
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in readers and path.is_file():
                for text in readers[path.suffix](path.read_text()):
                    found[text].add(str(path.relative_to(root)))
                    plurals[text] = text.plural or plurals.get(text, "")
    return {Text(text.msgid, text.context, plurals[text]): sorted(files) for text, files in found.items()}


@cache
def _texts_left_by_packages(language: str) -> dict[Text, list[str]]:
    """The texts of a package without translations that no other installed package translates for it."""
    package = _package_folder(_UNTRANSLATED_PACKAGE)
    translated = {
        _key(entry)
        for name in _TRANSLATED_PACKAGES
        for path in _package_folder(name).rglob(f"locale/{language}/LC_MESSAGES/django.mo")
        for entry in polib.mofile(str(path))
    }
    found = _texts_below(package.parent, (_UNTRANSLATED_PACKAGE,))
    return {text: files for text, files in found.items() if text not in translated}


def _package_folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(package)
    return Path(spec.origin).parent


def _key(entry: Any) -> Text:
    return Text(entry.msgid, entry.msgctxt or "", entry.msgid_plural or "")


def _same_placeholders(entry: polib.POEntry) -> bool:
    """Whether a translation fills in what its text does. A plural's first form may leave the number out."""
    allowed = set(_PLACEHOLDER.findall(entry.msgid)) | set(_PLACEHOLDER.findall(entry.msgid_plural))
    if entry.msgid_plural:
        return all(set(_PLACEHOLDER.findall(form)) <= allowed for form in entry.msgstr_plural.values())
    return not entry.msgstr or set(_PLACEHOLDER.findall(entry.msgstr)) == allowed
