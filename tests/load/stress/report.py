"""docs/STRESS_TEST_REPORT.md from what was measured; the analysis that people have written in it stays."""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.load.stress.plots import draw_plots
from tests.load.stress.results import DEFAULT_BATCH, TOTAL, Outcome, Requests, Run
from tests.load.stress.texts import TEXTS, Texts

REPORT = "STRESS_TEST_REPORT.md"
FOLDER = "stress_test"
RESULTS = f"{FOLDER}/results.json"
REQUESTS_CSV, RESOURCES_CSV = "requests.csv", "resources.csv"
LARGEST_USERS, COMPARED_WORKERS = 50, 2  # the scenario whose kinds of requests and batch sizes are shown
HEAD = """# Stress test report · Informe de la prueba de carga

[English](#english) · [Español](#español)

<!-- Written by `python -m tests.load.scenarios`. Only what stands between marks of analyses is kept. -->
"""


def write_report(run: Run, docs: Path) -> None:
    """Write the report, its tables as CSV, its plots and all numbers into a folder of documentation."""
    folder = docs / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    run.save(docs / RESULTS)
    _write_csv(folder / REQUESTS_CSV, _request_rows(run))
    _write_csv(folder / RESOURCES_CSV, _resource_rows(run))
    batches = compared_batches(run.outcomes)
    plots = draw_plots(run.outcomes, batches, folder)
    page = docs / REPORT
    before = page.read_text() if page.is_file() else ""
    parts = [_part(run, batches, plots, texts, kept_analysis(before, texts)) for texts in TEXTS]
    page.write_text("\n".join([HEAD, *parts]))


def kept_analysis(page: str, texts: Texts) -> str:
    """What stands between the marks of a language; its first words where nothing does."""
    begin, end = _marks(texts)
    found = re.search(f"{re.escape(begin)}\n(.*?){re.escape(end)}", page, flags=re.DOTALL)
    return found[1].strip() if found else texts.no_analysis


def compared_batches(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The runs that differ in the size of batches alone, the smallest first."""
    alike = [
        outcome
        for outcome in outcomes
        if (outcome.scenario.users, outcome.scenario.workers) == (LARGEST_USERS, COMPARED_WORKERS)
        and outcome.scenario.user_class == "NurseryUser"
    ]
    return sorted(alike, key=lambda outcome: outcome.scenario.batch)


def _marks(texts: Texts) -> tuple[str, str]:
    return f"<!-- analysis {texts.language}: begin -->", f"<!-- analysis {texts.language}: end -->"


def _part(run: Run, batches: Sequence[Outcome], plots: Sequence[str], texts: Texts, analysis: str) -> str:
    begin, end = _marks(texts)
    machine = run.machine
    about = texts.about.format(
        date=run.began_at[:10], seconds=f"{run.seconds:.0f}", servers=run.servers, **machine
    )
    blocks = [
        f"## {texts.title}",
        about,
        texts.how,
        f"### {texts.scenarios}",
        _table(texts.scenario_heads, [_scenario_cells(outcome) for outcome in run.outcomes]),
        texts.legend,
        *([f"### {texts.batches}", _table(texts.batch_heads, map(_batch_cells, batches))] if batches else []),
        *_kinds(run, texts),
        f"### {texts.plots}",
        *[f"![{texts.alternatives[name]}]({FOLDER}/{name})" for name in plots],
        texts.files.format(
            requests=f"{FOLDER}/{REQUESTS_CSV}", resources=f"{FOLDER}/{RESOURCES_CSV}", results=RESULTS
        ),
        f"### {texts.analysis}",
        f"{begin}\n{analysis}\n{end}",
    ]
    return "\n\n".join(blocks) + "\n"


def _kinds(run: Run, texts: Texts) -> list[str]:
    shown = [o for o in compared_batches(run.outcomes) if o.scenario.batch == DEFAULT_BATCH]
    if not shown:
        return []
    return [
        f"### {texts.kinds.format(scenario=shown[0].scenario.name)}",
        _table(texts.kind_heads, [_kind_cells(row) for row in shown[0].requests if row.name != TOTAL]),
    ]


def _scenario_cells(outcome: Outcome) -> list[str]:
    total, predictions = outcome.total, outcome.predictions
    return [
        outcome.scenario.name,
        f"{total.per_second:.1f}",
        str(total.count),
        str(total.failures),
        *_milliseconds(total),
        *(_milliseconds(predictions) if predictions else ["–"] * 3),
        str(outcome.counted_photos),
        f"{outcome.mean_cpu():.1f}",
        f"{outcome.peak_rss_mb() / 1024:.1f}",
    ]


def _batch_cells(outcome: Outcome) -> list[str]:
    predictions = outcome.predictions
    return [
        str(outcome.scenario.batch),
        "–" if outcome.batch_mean is None else f"{outcome.batch_mean:.1f}",
        f"{predictions.per_second:.1f}" if predictions else "–",
        *(_milliseconds(predictions) if predictions else ["–"] * 3),
        f"{outcome.mean_cpu('model'):.2f}",
        str(outcome.total.failures),
    ]


def _kind_cells(row: Requests) -> list[str]:
    return [row.name, f"{row.per_second:.1f}", str(row.count), str(row.failures), *_milliseconds(row)]


def _milliseconds(row: Requests) -> list[str]:
    return [f"{value:.0f}" for value in (row.median_ms, row.p95_ms, row.p99_ms)]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _request_rows(run: Run) -> list[list[object]]:
    heads = ["scenario", "users", "workers", "batch", "request", "count", "failures", "per_second"]
    return [
        [*heads, "median_ms", "p95_ms", "p99_ms"],
        *(
            [o.scenario.name, o.scenario.users, o.scenario.workers, o.scenario.batch, row.name, row.count,
             row.failures, row.per_second, row.median_ms, row.p95_ms, row.p99_ms]
            for o in run.outcomes
            for row in o.requests
        ),
    ]  # fmt: skip


def _resource_rows(run: Run) -> list[list[object]]:
    return [
        ["scenario", "second", "group", "busy_cores", "resident_mb"],
        *(
            [o.scenario.name, sample.second, group, sample.cpu.get(group, 0.0), sample.rss_mb[group]]
            for o in run.outcomes
            for sample in o.samples
            for group in sorted(sample.rss_mb)
        ),
    ]


def _write_csv(path: Path, rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
