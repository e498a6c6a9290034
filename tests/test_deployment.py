"""What the files for production promise: they are not run here, so what can be checked by reading is."""

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands
from django.http.request import validate_host

from demeter.beat import BEAT
from demeter.health import QUEUES
from demeter.stack import CLASSIFIER_UI, PROCESS_NAMES

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
CADDYFILE = (ROOT / "docs/tls/Caddyfile").read_text()
PRODUCTION = (ROOT / "docs/production.md").read_text()
# Read by the S3 client, not by the settings.
READ_BY_BOTO = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
# Where photos of known counts are: read by commands and tests that measure accuracy.
READ_BY_COMMANDS = {"DEMETER_DATA_DIR"}
READ_BY_COMPOSE_ITSELF = {"COMPOSE_FILE", "COMPOSE_PROFILES"}
COMPOSE_FILES = ("docker-compose.yml", "docker-compose.gpu.yml")
DOCKERFILES = ("Dockerfile", "Dockerfile.populate")
NETWORK = "shared_network"


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    return yaml.safe_load(COMPOSE)["services"]


def variables_of_settings() -> set[str]:
    text = "".join(path.read_text() for path in (ROOT / "demeter" / "settings").glob("*.py"))
    return set(re.findall(r'env\.\w+\(\s*"([A-Z0-9_]+)"', text))


def variables_of_compose() -> set[str]:
    return set(re.findall(r"\$\{([A-Z0-9_]+)", COMPOSE))


def variables_of_example() -> list[str]:
    return re.findall(r"^(?:# )?([A-Z0-9_]+)=", EXAMPLE, flags=re.MULTILINE)


def commands(services: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """What each service runs of ours: the words after `python manage.py`."""
    ours = {name: service["command"] for name, service in services.items() if "build" in service}
    assert all(command[:2] == ["python", "manage.py"] for command in ours.values())
    return {name: command[2:] for name, command in ours.items()}


def test_every_variable_that_is_read_is_explained_and_no_other_is() -> None:
    others = READ_BY_BOTO | READ_BY_COMMANDS | READ_BY_COMPOSE_ITSELF
    assert sorted(variables_of_example()) == sorted(variables_of_settings() | variables_of_compose() | others)


def test_every_variable_has_an_explanation_right_above_it_or_its_group() -> None:
    lines = EXAMPLE.splitlines()
    variable = re.compile(r"^(?:# )?[A-Z0-9_]+=")
    bare = [
        line
        for above, line in pairwise(lines)
        if variable.match(line) and (not above.startswith("# ") or above.startswith("# ──"))
    ]
    assert bare == []


def test_no_log_of_a_container_grows_without_bound(services: dict[str, dict[str, Any]]) -> None:
    assert services
    for name, service in services.items():
        options = service["logging"]["options"]
        assert options["max-size"].endswith("m"), name
        assert int(options["max-file"]) <= 10, name


def ran(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A tool of this environment, run at the root."""
    command = [str(Path(sys.executable).parent / program), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def test_the_compose_files_have_the_form_of_the_specification() -> None:
    answer = ran("check-jsonschema", "--builtin-schema", "vendor.compose-spec", *COMPOSE_FILES)
    assert answer.returncode == 0, answer.stdout


def test_the_linter_of_dockerfiles_has_nothing_to_say() -> None:
    answer = ran("hadolint", "--no-color", *DOCKERFILES)
    assert answer.returncode == 0, answer.stdout


def test_the_other_file_that_populates_says_nothing_that_the_target_does_not() -> None:
    """Whoever changes the packages, the user or the command of the target is told to change both."""
    target = "".join(_stage(name) for name in ("base", "web-packages", "web", "populate"))
    other = (ROOT / "Dockerfile.populate").read_text()
    assert _words(other) <= _words(target) | {"FROM", "python:3.11-slim-bookworm"}
    assert DOCKERFILE.count("FROM python:3.11-slim-bookworm AS base\n") == 1
    assert {"demeter", "requirements-web.txt", '"populate_db"]', "DATABASE_HOST=db"} <= _words(other)


def _words(dockerfile: str) -> set[str]:
    lines = [line for line in dockerfile.splitlines() if not line.startswith("#")]
    return set(" ".join(lines).split()) - {"\\", "&&"}


def _stage(name: str) -> str:
    stages = dict(re.findall(r"^FROM \S+ AS (\S+)\n((?:(?!FROM ).*\n?)*)", DOCKERFILE, flags=re.MULTILINE))
    return stages[name]


def test_building_the_tests_image_runs_them() -> None:
    assert re.search(r"^RUN python -m pytest .*\$PYTEST_ARGS$", _stage("test"), flags=re.MULTILINE)


def test_compose_starts_the_services_of_the_topology(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {
        "setup", "web", "ui", "worker-gpu", "worker-cpu", "worker-io", "beat", "postgres", "redis", "minio",
        "proxy", "prometheus", "grafana", "populate",
    }  # fmt: skip


def test_monitoring_the_proxy_and_the_demo_start_when_they_are_asked_for_alone(
    services: dict[str, dict[str, Any]],
) -> None:
    profiles = {name: service["profiles"] for name, service in services.items() if "profiles" in service}
    assert profiles == {
        "prometheus": ["monitoring"],
        "grafana": ["monitoring"],
        "proxy": ["tls"],
        "populate": ["populate"],
    }
    assert services["prometheus"]["ports"] == ["127.0.0.1:9091:9090"]
    mounted = [
        volume.split(":")[0]
        for name in ("prometheus", "grafana")
        for volume in services[name]["volumes"]
        if volume.startswith("./")
    ]
    assert mounted
    assert [path for path in mounted if not (ROOT / path).is_file()] == []


def test_every_process_of_the_stack_runs_in_exactly_one_service(services: dict[str, dict[str, Any]]) -> None:
    stacks = [words for words in commands(services).values() if words[0] == "stack"]
    names = [word for words in stacks for word in words[words.index("--only") + 1 :] if word in PROCESS_NAMES]
    assert sorted(names) == sorted(PROCESS_NAMES)
    assert CLASSIFIER_UI in commands(services)["ui"]


def test_the_services_that_production_starts_and_stops_exist(services: dict[str, dict[str, Any]]) -> None:
    """Options, and what `--scale` sets, are no services; nor are comments."""
    lines = re.findall(r"docker compose (?:up|stop) ([^`#\n]*)", PRODUCTION)
    named = [word for line in lines for word in line.split() if not word.startswith("-") and "=" not in word]
    assert len(named) > 10
    assert [name for name in named if name not in services] == []


def test_every_command_of_compose_exists(services: dict[str, dict[str, Any]]) -> None:
    checks = [service["healthcheck"]["test"] for service in services.values() if "healthcheck" in service]
    asked = [check[3] for check in checks if check[:3] == ["CMD", "python", "manage.py"]]
    started = [words[0] for words in commands(services).values()]
    assert (
        {*asked, *started}
        == {"setup_installation", "populate_db", "stack", "check_worker"}
        <= set(get_commands())
    )


def test_the_health_checks_of_the_workers_ask_for_every_queue_once(
    services: dict[str, dict[str, Any]],
) -> None:
    checks = [service["healthcheck"]["test"] for service in services.values() if "healthcheck" in service]
    queues = [queue for check in checks if "check_worker" in check for queue in check[4:]]
    assert sorted(queues) == sorted([*QUEUES, BEAT])


def test_every_build_target_is_a_stage_of_the_dockerfile(services: dict[str, dict[str, Any]]) -> None:
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, flags=re.MULTILINE))
    targets = {service["build"]["target"] for service in services.values() if "build" in service}
    assert targets == {"web", "worker", "populate"}
    assert targets | {"test"} <= stages


def test_all_services_share_one_named_network_and_the_servers_answer_for_their_health(
    services: dict[str, dict[str, Any]],
) -> None:
    assert yaml.safe_load(COMPOSE)["networks"] == {NETWORK: {"name": NETWORK}}
    assert {tuple(service["networks"]) for service in services.values()} == {(NETWORK,)}
    assert {name for name, service in services.items() if "healthcheck" not in service} == {
        "setup",
        "populate",
    }


def test_the_names_of_the_first_design_lead_to_the_services(services: dict[str, dict[str, Any]]) -> None:
    aliases = {
        alias: name
        for name, service in services.items()
        if isinstance(service["networks"], dict)
        for alias in service["networks"][NETWORK]["aliases"]
    }
    assert aliases == {"api": "web", "db": "postgres", "model": "worker-gpu"}
    assert "profiles" not in services["ui"]


@pytest.mark.parametrize(
    ("service", "ports"),
    [
        ("web", ["8000"]),
        ("ui", ["9090"]),
        ("postgres", ["5432"]),
        ("redis", ["6379"]),
        ("minio", ["9000", "9001"]),
        ("proxy", ["80", "443", "9443"]),
    ],
)
def test_the_known_ports_are_published(services: dict[str, Any], service: str, ports: list[str]) -> None:
    published = [port.split(":")[-2:] for port in services[service]["ports"]]
    assert published == [[port, port] for port in ports]


def test_only_the_web_servers_are_published_beyond_this_host(services: dict[str, dict[str, Any]]) -> None:
    beyond = {
        name
        for name, service in services.items()
        for port in service.get("ports", [])
        if not port.startswith("127.0.0.1:")
    }
    assert beyond == {"web", "ui", "proxy"}


def test_the_web_servers_can_be_published_for_a_proxy_on_this_host_alone(
    services: dict[str, dict[str, Any]],
) -> None:
    """Whoever reaches them without the proxy may say in its name who he is and how he came."""
    ports = [port for name in ("web", "ui") for port in services[name]["ports"]]
    assert ports == ["${PUBLISH_ADDRESS:-0.0.0.0}:8000:8000", "${PUBLISH_ADDRESS:-0.0.0.0}:9090:9090"]
    https = PRODUCTION.partition("### HTTPS")[2].partition("\n### ")[0]
    assert "\nPUBLISH_ADDRESS=127.0.0.1\n" in https


def test_a_container_that_asks_the_web_server_by_its_name_is_answered(
    services: dict[str, dict[str, Any]],
) -> None:
    """Also where DJANGO_ALLOWED_HOSTS is set, for who sets it thinks of browsers."""
    hosts = services["web"]["environment"]["DJANGO_ALLOWED_HOSTS"]
    allowed = re.sub(r"\$\{DJANGO_ALLOWED_HOSTS:-[^}]*\}", "nursery.example.org", hosts).split(",")
    names = ["web", *services["web"]["networks"][NETWORK]["aliases"]]
    assert len(names) == 2
    assert [name for name in names if not validate_host(name, allowed)] == []


def test_the_proxy_reuses_no_connection_that_the_web_server_may_be_closing() -> None:
    site = re.search(r"reverse_proxy web:8000 \{(.*?)\n\t\}", CADDYFILE, flags=re.DOTALL)
    assert site is not None
    [kept_s] = re.findall(r"^\t+keepalive (\d+)s$", site[1], flags=re.MULTILINE)
    assert int(kept_s) < settings.HEADER_TIMEOUT_S


def test_no_container_can_write_to_its_own_files_or_gain_rights(services: dict[str, dict[str, Any]]) -> None:
    assert [name for name, service in services.items() if not _is_hardened(service)] == []
    rights = {name: service["cap_add"] for name, service in services.items() if "cap_add" in service}
    assert rights == {"proxy": ["NET_BIND_SERVICE"]}


def test_no_container_that_is_read_only_wants_a_secret_written_into_it(
    services: dict[str, dict[str, Any]],
) -> None:
    """Compose mounts secrets and configs that are files; any other it would have to copy, and starts nothing."""
    whole = yaml.safe_load(COMPOSE)
    copied = {
        name
        for kind in ("secrets", "configs")
        for name, source in whole.get(kind, {}).items()
        if "file" not in source
    }
    wanting = {
        name
        for name, service in services.items()
        if copied & {*service.get("secrets", []), *service.get("configs", [])} and service.get("read_only")
    }
    assert wanting == set()


def _is_hardened(service: dict[str, Any]) -> bool:
    return (
        service.get("read_only") is True
        and "/tmp" in service.get("tmpfs", [])  # noqa: S108 - of the container
        and service.get("cap_drop") == ["ALL"]
        and service.get("security_opt") == ["no-new-privileges:true"]
        and "privileged" not in service
    )


def test_our_images_run_as_a_user_without_rights() -> None:
    stages = dict(re.findall(r"^FROM \S+ AS (\S+)\n((?:(?!FROM ).*\n?)*)", DOCKERFILE, flags=re.MULTILINE))
    users = {
        name: re.findall(r"^USER (\S+)$", stages[name], flags=re.MULTILINE) for name in ("web", "worker")
    }
    assert users == {"web": ["demeter"], "worker": ["demeter"]}
    assert "FROM web AS populate\n" in DOCKERFILE
    assert not re.search(r"^USER ", stages["populate"], flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("service", "secret"),
    [
        ("postgres", "POSTGRES_PASSWORD"),
        ("redis", "REDIS_PASSWORD"),
        ("minio", "AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_nothing_starts_with_a_secret_that_everyone_knows(
    services: dict[str, dict[str, Any]], service: str, secret: str
) -> None:
    """Each secret is demanded of .env, has no default anywhere, and is asked for by .env.example."""
    words = [*services[service]["environment"].values(), *services[service].get("command", [])]
    assert any(f"${{{secret}:?" in word for word in words)
    assert set(re.findall(rf"\$\{{{secret}:-([^}}]*)\}}", COMPOSE)) <= {""}
    assert f"\n{secret}=\n" in EXAMPLE


def test_the_key_has_no_default_under_either_name_and_nothing_starts_without(
    services: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    assert services["web"]["environment"]["DJANGO_SECRET_KEY"] == "${DJANGO_SECRET_KEY:-${SECRET_KEY:-}}"
    assert "\nDJANGO_SECRET_KEY=\n" in EXAMPLE
    environment = {"DEMETER_PRODUCTION": "true", "DEMETER_DATA_HOME": str(tmp_path), "DJANGO_SECRET_KEY": ""}
    answer = subprocess.run(
        [sys.executable, "manage.py", "setup_installation"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert answer.returncode != 0
    assert "DJANGO_SECRET_KEY" in answer.stderr


def test_no_demand_stands_within_a_default() -> None:
    """Compose makes it whether the default is needed or not."""
    assert re.findall(r":-[^}]*\$\{\w+:?\?", COMPOSE) == []


def test_what_asks_redis_and_postgresql_gives_their_passwords(services: dict[str, dict[str, Any]]) -> None:
    environment = services["web"]["environment"]
    assert ":${POSTGRES_PASSWORD:-}@${DATABASE_HOST:-postgres}" in environment["DATABASE_URL"]
    for name in ("CELERY_BROKER_URL", "CACHE_URL"):
        assert "redis://:${REDIS_PASSWORD:-}@${REDIS_IP:-redis}" in environment[name]
    assert "--requirepass" in services["redis"]["command"]
    assert services["redis"]["environment"] == {"REDISCLI_AUTH": "${REDIS_PASSWORD:-}"}


def test_productions_settings_are_on_in_compose_and_in_the_example(
    services: dict[str, dict[str, Any]],
) -> None:
    ours = [service for service in services.values() if "build" in service]
    assert {service["environment"]["DEMETER_PRODUCTION"] for service in ours} == {"true"}
    assert "\nDEMETER_PRODUCTION=true\n" in EXAMPLE


def test_the_file_for_gpu_hosts_changes_a_service_that_exists(services: dict[str, dict[str, Any]]) -> None:
    changed = yaml.safe_load((ROOT / "docker-compose.gpu.yml").read_text())["services"]
    assert set(changed) == {"worker-gpu"} <= set(services)


def test_what_the_dockerfile_copies_exists() -> None:
    copied = set(re.findall(r"^COPY (?!--from)(?:--\S+ )?(\S+) ", DOCKERFILE, flags=re.MULTILINE))
    assert copied == {"requirements-web.txt", "requirements.txt", "."}
    assert all((ROOT / path).exists() for path in copied)


def test_every_requirement_is_pinned_and_the_web_has_no_model_library() -> None:
    files = [*ROOT.glob("requirements*.txt"), ROOT / "tests" / "support" / "requirements-s3.txt"]
    lines = {path.name: _requirements(path) for path in files}
    assert {name for name, pins in lines.items() if pins} == {
        "requirements-web.txt", "requirements.txt", "requirements-dev.txt", "requirements-s3.txt",
    }  # fmt: skip
    assert [
        line for pins in lines.values() for line in pins if not re.fullmatch(r"[\w.\[\],-]+==[\w.]+", line)
    ] == []
    web = " ".join(lines["requirements-web.txt"])
    assert not re.search("torch|ultralytics|sahi|opencv|openvino|onnx", web)


def _requirements(path: Path) -> list[str]:
    lines = [line.partition("#")[0].strip() for line in path.read_text().splitlines()]
    return [line for line in lines if line and not line.startswith("-r ")]
