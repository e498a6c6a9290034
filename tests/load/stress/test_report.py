"""The report is written from what was measured, and keeps what people wrote into it."""

import csv
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.load.stress.report import REPORT, RESULTS, write_report
from tests.load.stress.results import SCENARIOS, Outcome, Requests, Run, Sample, Scenario, read_locust

ROOT = Path(__file__).resolve().parents[3]
MACHINE = {
    "cpu": "A processor", "cores": 2, "memory_gb": 8.0, "system": "Linux", "python": "3.11", "load_before": 0.1,
}  # fmt: skip
LOCUST_CSV = """Type,Name,Request Count,Failure Count,Median Response Time,Requests/s,50%,95%,99%
GET,/,40,1,5,4.0,5,9,12
POST,/model/predict,80,0,900,8.0,900,1500,1700
,Aggregated,120,1,300,12.0,300,1500,1700
"""


def outcome(scenario: Scenario) -> Outcome:
    rows = [
        Requests("/", 40, 1, 4.0, 5.0, 9.0, 12.0),
        Requests("/model/predict", 80, 0, 8.0, 900.0, 1500.0, 1700.0),
        Requests("Aggregated", 120, 1, 12.0, 300.0, 1500.0, 1700.0),
    ]
    samples = [
        Sample(1.0, {"web": 0.25, "model": 1.0}, {"web": 512.0, "model": 1024.0}),
        Sample(2.0, {"web": 0.75, "model": 1.0}, {"web": 512.0, "model": 2048.0}),
    ]
    return Outcome(scenario, rows, samples, 6.5, 3)


@pytest.fixture
def run() -> Run:
    return Run("2026-11-29T08:00+00:00", 60.0, "PostgreSQL, Redis", MACHINE, [outcome(s) for s in SCENARIOS])


def test_both_languages_have_a_row_for_each_scenario(run: Run, tmp_path: Path) -> None:
    write_report(run, tmp_path)
    page = (tmp_path / REPORT).read_text()
    row = "| 12.0 | 120 | 1 | 300 | 1500 | 1700 | 900 | 1500 | 1700 | 3 | 1.5 | 2.5 |"
    assert [page.count(f"| {scenario.name} {row}") for scenario in SCENARIOS] == [2] * len(SCENARIOS)
    assert page.count("A processor, 2 ") == 2
    assert page.count("| 4 | 6.5 | 8.0 | 900 | 1500 | 1700 | 1.00 | 1 |") == 2


def test_the_analysis_of_people_outlives_the_next_run(run: Run, tmp_path: Path) -> None:
    write_report(run, tmp_path)
    page = tmp_path / REPORT
    written = page.read_text().replace(
        "Nobody has looked at these numbers yet.", "Two workers are enough.\n\nReally."
    )
    page.write_text(written.replace("Nadie ha mirado estos números todavía.", "Alcanza con dos."))
    write_report(replace(run, began_at="2026-12-01T08:00+00:00"), tmp_path)
    after = page.read_text()
    assert after.count("2026-12-01") == 2
    assert "Two workers are enough.\n\nReally.\n" in after
    assert "Alcanza con dos." in after


def test_everything_that_the_report_links_to_is_there(run: Run, tmp_path: Path) -> None:
    write_report(run, tmp_path)
    names = ("requests.csv", "resources.csv", "results.json", "scenarios.png", "resources.png", "batches.png")
    page = (tmp_path / REPORT).read_text()
    assert [name for name in names if f"stress_test/{name}" not in page] == []
    assert [name for name in names if not (tmp_path / "stress_test" / name).stat().st_size] == []
    with (tmp_path / "stress_test" / "requests.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * len(SCENARIOS)
    assert {row["scenario"] for row in rows} == {scenario.name for scenario in SCENARIOS}


def test_a_report_can_be_written_again_from_its_files(run: Run, tmp_path: Path) -> None:
    write_report(run, tmp_path)
    assert Run.load(tmp_path / RESULTS) == run


def test_locusts_numbers_are_read_as_it_writes_them(tmp_path: Path) -> None:
    (tmp_path / "stats.csv").write_text(LOCUST_CSV)
    assert read_locust(tmp_path / "stats.csv") == outcome(SCENARIOS[0]).requests


def test_the_scenarios_are_those_that_were_asked_for() -> None:
    assert [scenario.name for scenario in SCENARIOS] == [
        "10/1", "10/2", "25/1", "25/2", "50/2", "50/3", "50/2-single", "50/2-batch4", "50/2-batch16", "50/2-signin",
    ]  # fmt: skip


@pytest.mark.parametrize("file", ["tests/load/locustfile.py", "stress_test/locustfile.py"])
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        pytest.param(
            ("--users", "1", "--host", "http://192.0.2.7:8000"), "not this machine", id="another host"
        ),
        pytest.param(("--users", "5000", "--host", "http://localhost:1"), "more than 200", id="too many"),
    ],
)
def test_users_load_this_machine_alone_and_are_not_many(
    file: str, options: tuple[str, ...], reason: str
) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "locust", "-f", file, "--headless", "--run-time", "1s", *options],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert answer.returncode != 0
    assert reason in answer.stderr
