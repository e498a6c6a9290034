"""The plots of the report. Labels are in both of its languages."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.load.stress.results import Outcome, Requests

DPI = 110
COLOURS = ("#3b6ea5", "#d08a3c", "#6a9f58", "#8d6ab0", "#b3554d", "#7f7f7f")
GROUPS = {
    "web": "web",
    "model": "model · modelo",
    "cpu": "cpu_queue",
    "io": "io_queue",
    "servers": "PostgreSQL, Redis",
    "others": "others · otros",
    "load": "load · carga",
}

mpl.rcParams.update({"axes.spines.top": False, "axes.spines.right": False, "font.size": 9})


def draw_plots(outcomes: Sequence[Outcome], batches: Sequence[Outcome], folder: Path) -> list[str]:
    """Write the plots for which there is something to show. Their file names."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {"scenarios.png": _scenarios(outcomes), "resources.png": _resources(outcomes)}
    if len(batches) > 1:
        drawn["batches.png"] = _batches(batches)
    for name, figure in drawn.items():
        figure.savefig(folder / name, dpi=DPI)
    return list(drawn)


def _figure() -> tuple[Figure, Axes, Axes]:
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    return figure, left, right


def _grouped(axes: Axes, names: Sequence[str], series: dict[str, Sequence[float]]) -> None:
    width = 0.8 / len(series)
    for number, (label, values) in enumerate(series.items()):
        places = [place + (number - (len(series) - 1) / 2) * width for place in range(len(names))]
        axes.bar(places, values, width, label=label, color=COLOURS[number])
    axes.set_xticks(range(len(names)), names, rotation=35, ha="right")
    if len(series) > 1:
        axes.legend(frameon=False)


def _times(rows: Sequence[Requests | None]) -> dict[str, Sequence[float]]:
    known = [row or Requests("", 0, 0, 0.0, 0.0, 0.0, 0.0) for row in rows]
    return {
        "median · mediana": [row.median_ms for row in known],
        "p95": [row.p95_ms for row in known],
        "p99": [row.p99_ms for row in known],
    }


def _scenarios(outcomes: Sequence[Outcome]) -> Figure:
    figure, left, right = _figure()
    names = [outcome.scenario.name for outcome in outcomes]
    left.set_title("requests/s · pedidos/s")
    _grouped(left, names, {"": [outcome.total.per_second for outcome in outcomes]})
    right.set_title("predictions, ms · predicciones, ms")
    _grouped(right, names, _times([outcome.predictions for outcome in outcomes]))
    return figure


def _batches(outcomes: Sequence[Outcome]) -> Figure:
    figure, left, right = _figure()
    names = [str(outcome.scenario.batch) for outcome in outcomes]
    left.set_title("BATCH_SIZE: predictions, ms · predicciones, ms")
    _grouped(left, names, _times([outcome.predictions for outcome in outcomes]))
    right.set_title("BATCH_SIZE: pictures a batch · imágenes por lote")
    _grouped(right, names, {"": [outcome.batch_mean or 0.0 for outcome in outcomes]})
    return figure


def _resources(outcomes: Sequence[Outcome]) -> Figure:
    figure, left, right = _figure()
    names = [outcome.scenario.name for outcome in outcomes]
    left.set_title("busy cores, mean · núcleos ocupados, media")
    right.set_title("memory, GB, peak · memoria, GB, máximo")
    _stacked(left, names, {label: [o.mean_cpu(group) for o in outcomes] for group, label in GROUPS.items()})
    _stacked(
        right,
        names,
        {label: [o.peak_rss_mb(group) / 1024 for o in outcomes] for group, label in GROUPS.items()},
    )
    right.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _stacked(axes: Axes, names: Sequence[str], series: dict[str, Sequence[float]]) -> None:
    bottoms = [0.0] * len(names)
    shades = mpl.colormaps["tab10"]
    for number, (label, values) in enumerate(series.items()):
        axes.bar(range(len(names)), values, 0.7, bottoms, label=label, color=shades(number))
        bottoms = [bottom + value for bottom, value in zip(bottoms, values, strict=True)]
    axes.set_xticks(range(len(names)), names, rotation=35, ha="right")
