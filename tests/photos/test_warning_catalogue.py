"""Every warning that code sets stands in the catalogue, and every one of the catalogue is set where it says."""

import ast
from pathlib import Path

import pytest

from mlpipeline.vision import results
from photos.choices import CountWarning
from photos.warning_catalogue import CHECKED_AFTERWARDS, FOUND_ANEW, WAITING, WARNINGS

ROOT = Path(__file__).resolve().parents[2]
#: What holds the names of warnings as its members.
HOLDERS = ("CountWarning", "Hold", "results")


def names_in(path: Path) -> set[str]:
    """The names that a file uses, and the members of classes that hold warnings."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    return {node.id for node in nodes if isinstance(node, ast.Name)} | {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in HOLDERS
    }


def test_every_warning_stands_in_the_catalogue():
    assert set(WARNINGS) == set(CountWarning)


def test_every_warning_of_the_counting_core_is_said_to_be_its_own():
    """Its constants are the lower-case words of `results`; a word that is no warning yet is one of none."""
    source = ast.parse(Path(results.__file__).read_text())
    words = {
        node.value.value
        for node in source.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }
    assert words == {code for code, rule in WARNINGS.items() if rule.set_in == "mlpipeline/vision"}


@pytest.mark.parametrize("warning", CountWarning, ids=str)
def test_a_warning_is_set_where_the_catalogue_says(warning):
    place = ROOT / WARNINGS[warning].set_in
    files = [file for file in place.rglob("*.py") if file.name != "results.py"] if place.is_dir() else [place]
    own = ROOT / "mlpipeline/vision/results.py"
    set_here = any(warning.name in names_in(file) for file in files)
    by_itself = place.is_dir() and f"({warning.name},)" in own.read_text()
    assert set_here or by_itself


def test_no_other_file_says_which_warnings_belong_together():
    """A set of several warnings elsewhere is a rule of its own, which the catalogue must know."""
    wrong = []
    for file in [*(ROOT / "photos").rglob("*.py"), *(ROOT / "inventory").rglob("*.py")]:
        if file.name in ("warning_catalogue.py", "choices.py") or "migrations" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Set | ast.List | ast.Tuple):
                members = [
                    element
                    for element in node.elts
                    if isinstance(element, ast.Attribute) and ast.unparse(element.value) == "CountWarning"
                ]
                if len(members) > 1:
                    wrong.append(f"{file.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []


def test_what_waits_is_found_anew_or_was_missing_from_the_count():
    assert set(WAITING) - FOUND_ANEW == {CountWarning.PARTIAL_COUNT}


def test_what_is_checked_afterwards_is_booked_meanwhile():
    assert set(CHECKED_AFTERWARDS) == {CountWarning.MOSTLY_EMPTY, CountWarning.UNLIKE_LAST_COUNT}
    assert not set(CHECKED_AFTERWARDS) & set(WAITING)
