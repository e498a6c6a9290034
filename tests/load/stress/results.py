"""What was measured: one scenario after another, as JSON that a report can be written from again."""

import csv
import json
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil

TOTAL = "Aggregated"  # Locust's row over all requests
DEFAULT_BATCH = 8
PREDICT = "/model/predict"


@dataclass(frozen=True)
class Scenario:
    """So many users and model workers. `batch` is BATCH_SIZE; 1 stands for ENABLE_BATCH=false."""

    users: int
    workers: int
    batch: int = DEFAULT_BATCH
    user_class: str = "NurseryUser"

    @property
    def name(self) -> str:
        """As reports and command lines name it: 50/2, 50/2-batch4, 50/2-single, 50/2-signin."""
        suffix = {DEFAULT_BATCH: "", 1: "-single"}.get(self.batch, f"-batch{self.batch}")
        return f"{self.users}/{self.workers}{suffix}{'-signin' if self.user_class == 'SigningInUser' else ''}"

    @property
    def file_name(self) -> str:
        return self.name.replace("/", "-")


SCENARIOS = (
    *(Scenario(users, workers) for users, workers in ((10, 1), (10, 2), (25, 1), (25, 2), (50, 2), (50, 3))),
    *(Scenario(50, 2, batch) for batch in (1, 4, 16)),
    Scenario(50, 2, user_class="SigningInUser"),
)


@dataclass(frozen=True)
class Requests:
    """What Locust says of one kind of request. Times in ms."""

    name: str
    count: int
    failures: int
    per_second: float
    median_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Sample:
    """One second. cpu: cores that are busy, rss_mb: resident memory, both by group of processes."""

    second: float
    cpu: dict[str, float]
    rss_mb: dict[str, float]


@dataclass(frozen=True)
class Outcome:
    """One scenario as it went. `batch_mean`: pictures that were answered together; None if none was."""

    scenario: Scenario
    requests: list[Requests]
    samples: list[Sample]
    batch_mean: float | None
    counted_photos: int

    @property
    def total(self) -> Requests:
        return next(row for row in self.requests if row.name == TOTAL)

    @property
    def predictions(self) -> Requests | None:
        return next((row for row in self.requests if row.name == PREDICT), None)

    def mean_cpu(self, *groups: str) -> float:
        """Cores that were busy on average; of all groups where none is named."""
        return _mean([sum(v for k, v in s.cpu.items() if not groups or k in groups) for s in self.samples])

    def peak_rss_mb(self, *groups: str) -> float:
        return max(
            (sum(v for k, v in s.rss_mb.items() if not groups or k in groups) for s in self.samples),
            default=0.0,
        )


@dataclass(frozen=True)
class Run:
    """All scenarios of one run on one machine."""

    began_at: str
    seconds: float
    servers: str
    machine: dict[str, Any] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> Self:
        held = json.loads(path.read_text())
        held["outcomes"] = [
            Outcome(
                Scenario(**row["scenario"]),
                [Requests(**kind) for kind in row["requests"]],
                [Sample(**sample) for sample in row["samples"]],
                row["batch_mean"],
                row["counted_photos"],
            )
            for row in held["outcomes"]
        ]
        return cls(**held)


def read_locust(path: Path) -> list[Requests]:
    """The rows of Locust's `…_stats.csv`."""
    with path.open(newline="") as file:
        return [
            Requests(
                name=row["Name"],
                count=int(row["Request Count"]),
                failures=int(row["Failure Count"]),
                per_second=round(_number(row["Requests/s"]), 2),
                median_ms=_number(row["50%"]),
                p95_ms=_number(row["95%"]),
                p99_ms=_number(row["99%"]),
            )
            for row in csv.DictReader(file)
        ]


def describe_machine() -> dict[str, Any]:
    """What the numbers depend on."""
    return {
        "cpu": _cpu_name(),
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1024**3, 1),
        "system": platform.system(),
        "python": platform.python_version(),
        "load_before": round(psutil.getloadavg()[0], 1),
    }


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _number(text: str) -> float:
    return 0.0 if text in ("", "N/A") else float(text)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
