"""The settings are many modules and one namespace."""

import ast
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings

import demeter.settings
from demeter.sqlite.base import DatabaseWrapper

MODULES = sorted(
    path for path in Path(demeter.settings.__file__).parent.glob("*.py") if path.stem != "__init__"
)


def names_of(path: Path) -> set[str]:
    """The settings that a module assigns or imports."""
    tree = ast.parse(path.read_text())
    assigned = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    from_elsewhere = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("demeter.settings")
        for alias in node.names
    }
    return {name for name in assigned | from_elsewhere if name.isupper()}


def test_no_two_modules_define_the_same_setting():
    """The later import would win in silence."""
    defined = Counter(name for path in MODULES for name in names_of(path))
    assert defined
    assert [name for name, count in defined.items() if count > 1] == []


def test_every_module_is_gathered():
    modules = [import_module(f"demeter.settings.{path.stem}") for path in MODULES]
    missing = [
        f"{module.__name__}: {name}"
        for module in modules
        for name in vars(module)
        if name.isupper() and not name.startswith("_") and not hasattr(demeter.settings, name)
    ]
    assert missing == []


def test_what_sqlite_has_committed_outlives_a_power_cut(tmp_path: Path):
    database = {**settings.DATABASES["default"], "NAME": str(tmp_path / "demeter.sqlite3")}
    if database["ENGINE"] != "demeter.sqlite":
        pytest.skip("another database")
    wrapper = DatabaseWrapper(database)
    raw = wrapper.get_new_connection(wrapper.get_connection_params())
    [synchronous] = raw.execute("PRAGMA synchronous").fetchone()
    raw.close()
    assert synchronous == 2, "FULL: the log is on the disk before a commit returns"
