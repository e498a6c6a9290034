"""The dashboard and the alert rules ask for nothing that is not told."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "monitoring"
TOKEN_FILE = "/tmp/metrics_token"  # noqa: S108 - of the container
ALERTS = yaml.safe_load((FOLDER / "alerts.yml").read_text())
DASHBOARD = json.loads((FOLDER / "grafana" / "dashboard.json").read_text())
# Prometheus' own: whether the last reading succeeded.
OF_PROMETHEUS = {"up"}
_WORDS = re.compile(r"[a-z_][a-z0-9_]*")
_NO_METRICS = {
    "sum", "rate", "increase", "histogram_quantile", "by", "and", "le", "queue", "stage", "status", "view"
}  # fmt: skip


def rules() -> list[dict[str, Any]]:
    return [rule for group in ALERTS["groups"] for rule in group["rules"]]


def expressions() -> list[str]:
    panels = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return [rule["expr"] for rule in rules()] + panels


def metrics_of(expression: str) -> set[str]:
    """The metrics that an expression asks for: all its words but labels, their values and functions."""
    without_labels = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", expression)
    words = set(_WORDS.findall(re.sub(r"\d[\d.e]*", " ", without_labels)))
    return words - _NO_METRICS


@pytest.mark.django_db
def test_every_metric_that_is_asked_for_is_told(client: Client) -> None:
    client.get("/healthz")
    told = set()
    for family in text_string_to_metric_families(client.get("/metrics").text):
        suffixes = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",)}.get(
            family.type, ("",)
        )
        told |= {family.name + suffix for suffix in suffixes}
    asked = {name: expression for expression in expressions() for name in metrics_of(expression)}
    assert len(asked) > 8
    assert {name: asked[name] for name in asked.keys() - told - OF_PROMETHEUS} == {}


def test_rules_have_the_form_that_prometheus_reads() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names) > 5
    for rule in rules():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"]
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s"))
        assert rule["expr"].count("(") == rule["expr"].count(")")


def test_every_expression_is_one_that_prometheus_understands() -> None:
    """Its grammar and its types: a rate of no range, or a comparison of a text, is refused."""
    wrong = []
    for expression in expressions():
        try:
            promql_parser.parse(expression)
        except ValueError as error:
            wrong.append(f"{expression}: {error}")
    assert len(expressions()) > 10
    assert wrong == []


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("sum(rate(http_request_duration_seconds_count))", id="a rate of no range"),
        pytest.param('rate(up[5m]) > "0"', id="a comparison with a text"),
        pytest.param("histogram_quantile(0.95)", id="an argument missing"),
        pytest.param("queue_workers = 0", id="one sign of equality"),
    ],
)
def test_the_parser_refuses_what_prometheus_refuses(expression: str) -> None:
    with pytest.raises(ValueError):
        promql_parser.parse(expression)


def test_what_the_issue_names_raises_an_alert() -> None:
    by_name = {rule["alert"]: (rule["expr"], rule.get("for")) for rule in rules()}
    assert by_name["QueueWithoutWorker"] == ("queue_workers == 0", "2m")
    assert by_name["OldestJobWaitsTooLong"][0] == "oldest_waiting_job_seconds > 600"
    assert by_name["CircuitBreakerOpen"][0] == "circuit_breaker_state > 0"


def test_prometheus_reads_the_rules_and_the_web_server_with_its_token() -> None:
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    [job] = config["scrape_configs"]
    assert config["rule_files"] == ["/etc/prometheus/alerts.yml"]
    assert job["static_configs"] == [{"targets": ["web:8000"]}]
    assert job["authorization"]["credentials_file"] == TOKEN_FILE


def started_as_prometheus(folder: Path, token: str) -> subprocess.CompletedProcess[str]:
    """What the container of Prometheus starts, with the words that it would be given, below a folder of ours."""
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["prometheus"]
    assert service["environment"]["METRICS_TOKEN"] == "${METRICS_TOKEN:-}"
    program = folder / "prometheus"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o700)
    command = [*service["entrypoint"], "--config.file=prometheus.yml", "two words"]
    here = {"$$": "$", "/bin/prometheus": str(program), TOKEN_FILE: str(folder / "token")}
    for there, ours in here.items():
        command = [word.replace(there, ours) for word in command]
    return subprocess.run(
        command, env={"METRICS_TOKEN": token}, capture_output=True, text=True, check=False, timeout=30
    )


def test_prometheus_is_started_with_the_token_in_the_file_that_it_reads(tmp_path: Path) -> None:
    answer = started_as_prometheus(tmp_path, "a token of %s")
    assert (answer.returncode, answer.stdout) == (0, "--config.file=prometheus.yml\ntwo words\n")
    file = tmp_path / "token"
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("a token of %s", 0o600)


def test_prometheus_does_not_start_without_a_token(tmp_path: Path) -> None:
    answer = started_as_prometheus(tmp_path, "")
    assert (answer.returncode, answer.stdout) == (1, "Set METRICS_TOKEN in .env\n")
    assert not (tmp_path / "token").exists()


def test_the_dashboard_has_panels_of_one_data_source_that_do_not_overlap() -> None:
    source = yaml.safe_load((FOLDER / "grafana" / "datasource.yml").read_text())["datasources"][0]
    cells = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == {source["uid"]}
    assert len(set(cells)) == len(cells)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
