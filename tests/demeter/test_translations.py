"""The catalogue of translated texts, and the tool that keeps it."""

import re
from pathlib import Path
from typing import Any

import polib
import pytest

from demeter.translations import (
    Text,
    catalogue_errors,
    python_texts,
    template_texts,
    translated_languages,
    write_catalogue,
)


@pytest.mark.parametrize("language", translated_languages())
def test_every_text_is_translated_and_the_compiled_catalogue_matches(language: str) -> None:
    assert catalogue_errors(language) == []


# Staff say "vos", "registrar" and "plug": what else was written for them. Imperatives stand where a sentence begins,
# since within one the same form is a subjunctive ("hasta que un supervisor acepte").
USTED = (
    "Abra|Acepte|Acerque|Active|Agregue|Aleje|Borre|Cambie|Cargue|Compruebe|Complete|Confirme|Consulte|Corrija|Cuente|"
    "Deje|Diga|Elija|Encienda|Enfoque|Envíe|Escriba|Espere|Evite|Guarde|Haga|Indique|Ingrese|Intente|Lea|Mantenga|"
    "Marque|Mire|Permita|Ponga|Pruebe|Quite|Recargue|Repita|Revise|Saque|Seleccione|Suba|Sujete|Tome|Toque|Use|Vaya|"
    "Verifique|Vuelva"
)
FOREIGN_WORDS = re.compile(
    rf"(^|[.:;?!] +)({USTED})\b|\b[Uu]sted(es)?\b|(?i:\b(asent|asient|contabili|introdu[cjz]|alv[eé]ol)\w*)"
)


def test_spanish_says_vos_and_one_word_for_what_is_booked(settings: Any) -> None:
    [folder] = settings.LOCALE_PATHS  # our own texts: Django's stand in its own catalogues
    catalogue = polib.pofile(str(Path(folder) / "es/LC_MESSAGES/django.po"))
    texts = [text for entry in catalogue for text in (entry.msgstr, *entry.msgstr_plural.values())]
    assert len(texts) > 1000
    assert [text for text in texts if FOREIGN_WORDS.search(text)] == []


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        pytest.param("x = 1", [], id="no text"),
        pytest.param("_('Photos')", [Text("Photos")], id="a plain text"),
        pytest.param("_('in two ' 'parts')", [Text("in two parts")], id="a text in two parts"),
        pytest.param("pgettext_lazy('menu', 'Home')", [Text("Home", "menu")], id="a text with its context"),
        pytest.param("translation.gettext('Hi')", [Text("Hi")], id="by the module's name"),
        pytest.param("_(f'{n} photos')", [], id="put together at run time"),
        pytest.param("_ = 3; print('x')", [], id="another use of the name"),
    ],
)
def test_texts_of_python_sources_are_found(source: str, texts: list[Text]) -> None:
    assert list(python_texts(source)) == texts


def test_a_plural_is_found_with_its_singular() -> None:
    [text] = python_texts("ngettext('%(n)d photo', '%(n)d photos', n)")
    assert (text.msgid, text.plural) == ("%(n)d photo", "%(n)d photos")


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        pytest.param("<p>Photos</p>", [], id="no text"),
        pytest.param('{% translate "Photos" %}', [Text("Photos")], id="a plain text"),
        pytest.param(
            '{% translate "Home" context "menu" %}', [Text("Home", "menu")], id="a text with its context"
        ),
        pytest.param(
            "{% blocktranslate %}It's {{ n }} (all){% endblocktranslate %}",
            [Text("It's %(n)s (all)")],
            id="a block",
        ),
        pytest.param(
            '{{ _("Yes") }} {{ x|default:_("No") }}', [Text("Yes"), Text("No")], id="inside expressions"
        ),
        pytest.param('{% translate "100%" %}', [Text("100%%")], id="a per cent sign"),
    ],
)
def test_texts_of_templates_are_found(source: str, texts: list[Text]) -> None:
    assert list(template_texts(f"{{% load i18n %}}{source}")) == texts


@pytest.fixture
def project(settings: Any, tmp_path: Path) -> Path:
    """A project with one text and no catalogue yet."""
    settings.BASE_DIR = tmp_path
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "views.py").write_text("_('Count %(name)s again')")
    return tmp_path


def translate(project: Path, msgid: str, msgstr: str) -> None:
    catalogue = polib.pofile(str(project / "locale/es/LC_MESSAGES/django.po"))
    catalogue.find(msgid).msgstr = msgstr
    catalogue.save()


def test_a_new_text_is_missing_until_it_is_translated_and_compiled(project: Path) -> None:
    text = "Count %(name)s again"
    assert text in write_catalogue("es")
    assert f"es: not translated: {text!r}" in catalogue_errors("es")
    translate(project, text, "Contar %(name)s otra vez")
    assert "es: compile it again" in catalogue_errors("es")
    assert text not in write_catalogue("es")
    assert not [fault for fault in catalogue_errors("es") if "Count" in fault or "compile" in fault]


def test_a_translation_with_another_placeholder_is_a_fault(project: Path) -> None:
    write_catalogue("es")
    translate(project, "Count %(name)s again", "Contar %(nombre)s otra vez")
    assert "es: other placeholders: 'Count %(name)s again'" in catalogue_errors("es")


def test_a_text_that_is_gone_leaves_the_catalogue(project: Path) -> None:
    write_catalogue("es")
    (project / "photos" / "views.py").write_text("_('Stored')")
    assert "es: no longer used: 'Count %(name)s again'" in catalogue_errors("es")
    write_catalogue("es")
    assert not [fault for fault in catalogue_errors("es") if "Count" in fault]
