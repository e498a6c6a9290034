"""The house's own rules: imports point one way, heavy libraries stay out of the web, rooms stay small."""

import ast
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ("demeter", "inventory", "photos", "mlpipeline")
SOURCES = sorted(
    path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
)
HEAVY = (
    "torch", "torchvision", "efficientnet_lite_pytorch", "ultralytics", "sahi", "openvino", "cv2", "numba", "sklearn",
    "scipy", "matplotlib", "zxingcpp",
)  # fmt: skip
# The packages that the design names, by what is imported of them. Of boto3 we use the core, which its client is.
DESIGN_PACKAGES = {
    "django": {"django"}, "djangorestframework": {"rest_framework"}, "django-filter": {"django_filters"},
    "django-storages": {"storages"}, "boto3": {"boto3", "botocore"}, "celery": {"celery"},
    "django-celery-results": {"django_celery_results"}, "redis": {"redis"}, "psycopg": {"psycopg"},
    "ultralytics": {"ultralytics"}, "sahi": {"sahi"}, "torch": {"torch"}, "opencv-python": {"cv2"}, "pillow": {"PIL"},
    "pillow-avif-plugin": {"pillow_avif"}, "piexif": {"piexif"},
}  # fmt: skip
# Private words that the field has terms for; what came in their place is in the history.
GONE_NAMES = {
    "ALIKE", "BandWork", "Bed", "ContainerFound", "DETECT_STEPS_AT_ONCE",
    "DROP_WAYS", "Dice", "Director", "ENOUGH_PHOTOS",
    "ENOUGH_PLANTS", "Examined", "Finding", "Floor", "ForOlderClients", "Forward", "House", "Instruments",
    "IsOpenedUser", "LEAST_DIFFERENCE", "Leaf", "MOST_A_SWEEP", "NOT_MEASURED", "OnePhoto",
    "OutlinedPlace", "Ownership",
    "ProbabilityModel", "RawAnswer", "Refusal", "Reliability", "Rules", "Runner", "SCORE_ITSELF",
    "SMOOTH_ENOUGH", "Stand", "Survey", "TEACHING_SCORE", "TileBoard", "UNMEASURED", "View", "WAYS", "WayCount",
    "_MOST_IDS", "_by_cells", "_contrasts", "_end_warden", "_keep_warden", "_leans_from", "_look_at",
    "_stands_on", "_tell_warden", "_told_share", "_united", "_worth", "_write_down", "bands_of", "by_majority",
    "check_holds", "claim_company", "close_jobs", "common_areas", "covered_pairs", "crowded_out",
    "decide_and_look", "decoded_upright", "density_count", "estimate_by_cover", "even_side", "find_fault",
    "follow_place", "for_readers", "forget_silent_workers", "groups_left", "hold_photos", "is_assumed",
    "is_cut", "is_forced", "is_opened", "is_unlike_expected", "kept_export", "leaf_by_example", "leaf_by_rule",
    "least_logit", "least_score", "look_at", "lost_steps", "mark_unsent", "may_decide", "may_read",
    "missed_share", "on_cores", "on_curve", "open_rgb", "outages_told", "plant_leaf", "plant_sized",
    "read_cells", "read_reliability", "refusal_of", "reliability_of", "room_between", "run_whole",
    "seen_upright", "send_summing_up", "shared_halves", "show_tiles", "side_line", "size_classes", "stand_of",
    "sure_plants", "survey_of", "turn_of", "turn_to_write", "turned_view", "under_discs", "unexplained_plants",
    "units_of", "upright_view", "usual_areas", "usual_log_sides", "within_capacity", "without_doubles",
    "without_hidden", "without_neighbours", "without_outliers", "write_reliability",
}  # fmt: skip
# The same for words that stand in a name, and for bounds, which are MIN_… and MAX_….
GONE_WORDS = re.compile(
    r"^_?(LEAST|MOST|ENOUGH|SURE)_|_AT_ONCE$|(^|_)(glances?|ghosts?|company|verdicts?|strays?|warden|dice|eyes|crumbs?|looks?)(_|$)"
)
# Those that no sentence says: they are looked for in docstrings, comments, templates and scripts too.
DISTINCTIVE_NAMES = {name for name in GONE_NAMES if re.search(r"\w_\w|[a-z][A-Z]", name)}
GONE_BOUNDS = re.compile(r"^_?(LEAST|MOST|ENOUGH|SURE)_[A-Z]|_AT_ONCE$")
VAGUE_NAMES = {"utils", "helpers", "common", "misc", "tools"}


def imports_of(path: Path) -> set[str]:
    """The full names of the modules that a file imports anywhere."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_imports_point_one_way():
    """The contracts of pyproject.toml, `[tool.importlinter]`."""
    linter = Path(sys.executable).parent / "lint-imports"
    answer = subprocess.run(
        [linter, "--no-cache", "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert answer.returncode == 0, answer.stdout


def test_every_package_of_the_design_is_imported_by_the_product():
    """Training and evaluation are tools beside it."""
    tools = (ROOT / "mlpipeline/training", ROOT / "mlpipeline/evaluation")
    product = [path for path in SOURCES if not any(path.is_relative_to(tool) for tool in tools)]
    imported = {name.split(".")[0] for path in product for name in imports_of(path)}
    assert [package for package, modules in DESIGN_PACKAGES.items() if not modules & imported] == []


def test_only_adapters_training_and_the_counting_core_import_heavy_libraries():
    allowed = (
        "mlpipeline/detectors", "mlpipeline/classifier/networks", "mlpipeline/training", "mlpipeline/vision",
        "mlpipeline/management", "mlpipeline/evaluation",
    )  # fmt: skip
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in SOURCES
        if not any(path.is_relative_to(ROOT / place) for place in allowed)
        for name in imports_of(path)
        if name.split(".")[0] in HEAVY
    ]
    assert wrong == []


def test_nobody_writes_another_apps_tables_from_an_entry_point():
    """Services write. Views, tasks and admin pages call them: none of them bulk-writes or creates rows itself."""
    entry_points = [
        path
        for path in SOURCES
        if {"api", "tasks", "pages"} & set(path.relative_to(ROOT).parts)
        or path.name in ("views.py", "tasks.py")
    ]
    assert entry_points
    writes = {"bulk_create", "bulk_update", "get_or_create", "update_or_create"}
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.attr}"
        for path in entry_points
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in writes
    ]
    assert wrong == []


def test_only_queue_modules_send_tasks():
    """Services never enqueue: their callers do, once the rows are committed."""
    sending = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"send_task", "apply_async", "delay"}
    }
    assert sending == {
        "demeter/alerts/queue.py", "mlpipeline/classifier/queue.py", "photos/queue.py",
    }  # fmt: skip


def test_only_the_router_writes_patterns_of_addresses():
    """So each address that programs call is there with a slash at its end and without."""
    writing = [path.relative_to(ROOT) for path in SOURCES if "django.urls.re_path" in imports_of(path)]
    assert writing == [Path("demeter/routers.py")]


def test_no_vague_module_names():
    assert [path for path in SOURCES if path.stem in VAGUE_NAMES] == []


def test_no_private_word_comes_back():
    found = {
        f"{path.relative_to(ROOT)}: {token.string}"
        for path in SOURCES
        for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
        if token.type == tokenize.NAME and (token.string in GONE_NAMES or GONE_WORDS.search(token.string))
    }
    assert found == set()


def test_no_private_word_comes_back_in_texts_templates_or_scripts():
    templates = [path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"}]
    scripts = list((ROOT / "static").rglob("*.js"))
    assert templates
    assert scripts
    found = {
        f"{path.relative_to(ROOT)}: {word}"
        for path in (*SOURCES, *templates, *scripts)
        for word in set(re.findall(r"\w+", path.read_text()))
        if word in DISTINCTIVE_NAMES or GONE_BOUNDS.search(word)
    }
    assert found == set()


def test_no_file_exceeds_400_lines():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in SOURCES
        if (lines := len(path.read_text().splitlines())) > 400
    }
    assert long == {}


def test_the_web_process_loads_no_model_library():
    """What the web server imports, in a fresh interpreter: the application and every URL."""
    code = (
        "import sys; from demeter.asgi import application; from django.urls import get_resolver;"
        "get_resolver().url_patterns; import mlpipeline.models;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    assert answer.stdout.strip().splitlines()[-1] == "[]"


def test_tests_that_flush_the_database_give_its_seeds_back():
    """Without it, the next test of any file misses the seeded rows, or finds those of Django made twice."""
    flushing = [
        path
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if path != Path(__file__)
        and {"live_server", "transaction=True"}
        & set(re.findall(r"live_server|transaction=True", path.read_text()))
    ]
    assert flushing
    assert [path for path in flushing if "serialized_rollback=True" not in path.read_text()] == []
