"""What README and docs name exists: files, functions, modules, commands and their options, make's targets, links.

In backticks, `folder/file.py:Class.method` is a name in a file and `folder/file.py` a file, from the root or the end of
one path (`filtering/border_plants.py`); `package.module.name` is looked up too. Any other name in backticks must at
least be a word of the sources. Whoever renames something is told which page to change.
"""

import ast
import hashlib
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from demeter.management.commands.draw_diagram import SOURCE_KEY

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ARCHITECTURE = ROOT / "docs/architecture.md"
FOLDERS = ("demeter", "inventory", "photos", "mlpipeline", "templates", "static", "tests", "docs", ".ci")
PACKAGES = ("demeter", "inventory", "photos", "mlpipeline", "tests")
SOURCE_SUFFIXES = (".py", ".html", ".js", ".css", ".toml", ".txt", ".json", ".md", ".yml", ".pt", ".jpg")
MAX_HOPS = 20
# Commands of Django and of packages: their options are not looked up.
FOREIGN_COMMANDS = {"axes_reset_username", "check", "createsuperuser", "makemigrations", "migrate"}
# Words of others, or of files that users have, which no source of ours holds.
FOREIGN_WORDS = {"axes_accessattempt"}

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
IN_FILE = re.compile(r"([\w./-]+\.py):([\w.]+)")
DOTTED = re.compile(rf"(?:{'|'.join(PACKAGES)})(?:\.\w+)+")
WORD = re.compile(r"\.?[A-Za-z_]\w*(?:\.\w+)*")


@cache
def sources() -> dict[str, Path]:
    """Every source file by its path from the root."""
    found = [
        path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in SOURCE_SUFFIXES
    ]
    found += [path for path in ROOT.iterdir() if path.is_file()]
    return {path.relative_to(ROOT).as_posix(): path for path in found}


@cache
def words_of_sources() -> frozenset[str]:
    """Every word of the sources but those of these pages and of this file."""
    texts = (".py", ".html", ".js", ".css", ".toml", ".json", ".yml", ".example", "")
    paths = [path for path in sources().values() if path.suffix in texts and path != Path(__file__)]
    return frozenset(word for path in paths for word in re.findall(r"\w+", path.read_text()))


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text())


def spans(page: Path) -> list[str]:
    """What stands in backticks, one line each; and the paths, tasks and queues of diagrams."""
    diagrams = " ".join(text for language, text in FENCE.findall(page.read_text()) if language == "mermaid")
    drawn = re.findall(r"(?<![/\w])\w+(?:/[\w.]+)+|\b[a-z]+(?:_[a-z]+)+\b(?=<br>|[\],\"])", diagrams)
    return [*(" ".join(span.split()) for span in SPAN.findall(prose(page))), *drawn]


def shell_lines(page: Path) -> Iterator[str]:
    """Commands in backticks and in blocks, without their comments."""
    yield from spans(page)
    for language, text in FENCE.findall(page.read_text()):
        if language != "mermaid":
            yield from (line.split(" #")[0] for line in text.splitlines())


@cache
def names_in(path: Path) -> frozenset[str]:
    """`function`, `Class`, `Class.member` and `CONSTANT` of a module."""
    return frozenset(_names(ast.parse(path.read_text()).body))


def _names(body: list[ast.stmt], owner: str = "") -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield owner + node.name
        if isinstance(node, ast.ClassDef) and not owner:
            yield from _names(node.body, f"{node.name}.")
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        yield from (owner + target.id for target in targets if isinstance(target, ast.Name))


def fault_of_path(path: str) -> str | None:
    """Why this is no path of ours; a folder of users, as `data/logs/`, is none that we judge."""
    path = path.removeprefix("./").rstrip("/")
    is_ours = path.split("/")[0] in FOLDERS or path.endswith((".py", ".html", ".js"))
    if not is_ours or (ROOT / path).exists():
        return None
    ends = [name for name in sources() if name.endswith(f"/{path}")]
    return None if ends else "no such file or folder"


def fault_of_dotted(dotted: str) -> str | None:
    """Why `package.module.name` is neither a module nor a name in one."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        path, rest = "/".join(parts[:length]), ".".join(parts[length:])
        if (ROOT / path).is_dir() and not rest:
            return None
        if (module := ROOT / f"{path}.py").is_file():
            return None if not rest or rest in names_in(module) else f"{path}.py has no {rest}"
    return "no such module"


def fault_of(span: str) -> str | None:
    if known := IN_FILE.fullmatch(span):
        path = sources().get(known[1])
        if path is None:
            return "no such file"
        return None if known[2] in names_in(path) else f"{known[1]} has no {known[2]}"
    if DOTTED.fullmatch(span):
        return fault_of_dotted(span)
    if re.fullmatch(r"[\w.-]+(/[\w.-]+)*/?", span) and ("/" in span or span.endswith(SOURCE_SUFFIXES)):
        return fault_of_path(span)
    if WORD.fullmatch(span) and ("_" in span or re.search(r"[a-z][A-Z]", span)):
        missing = set(span.strip(".").split(".")) - words_of_sources() - FOREIGN_WORDS
        return f"no source holds {', '.join(sorted(missing))}" if missing else None
    return None


def first_design_names() -> set[str]:
    """The left column of the table about the first design: what those names are called now is to its right."""
    section = ARCHITECTURE.read_text().partition("## Where the first design is")[2].partition("\n## ")[0]
    return {
        name
        for row in section.splitlines()
        if row.startswith("| `")
        for name in SPAN.findall(row.split(" | ")[0])
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_everything_that_a_page_names_exists(page):
    known = first_design_names() if page == ARCHITECTURE else set()
    faults = {span: fault for span in spans(page) if span not in known and (fault := fault_of(span))}
    assert faults == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_that_a_page_names_exists_with_its_options(page):
    faults = []
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in shell_lines(page):
        for name, options in re.findall(r"manage\.py ([a-z]\w*)([^|&;]*)", line):
            if name in FOREIGN_COMMANDS:
                continue
            command = next(
                (p for n, p in sources().items() if n.endswith(f"/management/commands/{name}.py")), None
            )
            text = "" if command is None else command.read_text()
            missing = [
                option for option in re.findall(r"--[a-z][a-z-]*", options) if f'"{option}"' not in text
            ]
            if command is None or missing:
                faults.append(f"manage.py {name} {' '.join(missing)}")
        faults += [
            f"make {target}" for target in re.findall(r"^make ([a-z-]+)", line) if target not in targets
        ]
        faults += [
            f"-m {module}" for module in re.findall(r"-m (tests\.[\w.]+)", line) if fault_of_dotted(module)
        ]
    assert faults == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_block_of_commands_is_one_that_a_shell_reads(page):
    """Quotes that do not end, and the like. Nothing is run."""
    faults = []
    for language, text in FENCE.findall(page.read_text()):
        if language == "sh":
            answer = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
            faults += answer.stderr.splitlines()
    assert faults == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file_and_a_heading(page):
    faults = []
    for target in re.findall(r"\]\(([^)#\s]*(?:#[^)\s]*)?)\)", prose(page)):
        name, _, anchor = target.partition("#")
        if "://" in name:
            continue
        path = page.parent / name if name else page
        headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE) if path.suffix == ".md" else []
        anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        if not path.exists() or (anchor and anchor not in anchors):
            faults.append(target)
    assert faults == []


def test_a_journey_has_few_hops_and_each_names_a_function():
    section = ARCHITECTURE.read_text().partition("## Three journeys")[2].partition("\n## ")[0]
    journeys = {
        text.splitlines()[0]: re.findall(r"^\d+\. (.+)$", text, re.MULTILINE)
        for text in section.split("\n### ")[1:]
    }
    assert len(journeys) == 3
    assert {name: len(hops) for name, hops in journeys.items() if not 1 <= len(hops) <= MAX_HOPS} == {}
    hops = [hop for hops in journeys.values() for hop in hops]
    named = re.compile(r"`[\w./-]+(?:\.py:[\w.]+|\.html)`")
    assert [hop for hop in hops if not named.match(hop)] == []


def test_the_drawn_diagram_is_that_of_its_source():
    source = (ROOT / "docs/flow_diagram.mmd").read_bytes()
    with Image.open(ROOT / "docs/FLOW_DIAGRAM.png") as picture:
        assert picture.info[SOURCE_KEY] == hashlib.sha256(source).hexdigest(), "make diagram"


def test_the_map_names_every_room():
    """Every package of an app, three levels deep."""
    rooms = {
        path.parent.relative_to(ROOT).as_posix()
        for app in PACKAGES[:-1]
        for path in (ROOT / app).rglob("__init__.py")
        if not {"migrations", "management"} & set(path.parts)
    }
    folders = {span.rstrip("/") for span in spans(ARCHITECTURE)}
    missing = {room for room in rooms if room.count("/") <= 2 and room not in folders}
    assert missing == set()


def test_every_measurement_has_its_place_in_the_table():
    section = ARCHITECTURE.read_text().partition("## What is measured")[2].partition("\n## ")[0]
    scripts = [
        f"tests.load.{path.stem}" for path in (ROOT / "tests/load").glob("*.py") if path.stem != "__init__"
    ]
    assert scripts
    assert [script for script in scripts if script not in section] == []
