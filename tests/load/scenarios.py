"""How many people at once the product serves: `python -m tests.load.scenarios` (`make test-load`).

Starts the whole stack for each scenario anew, on PostgreSQL and Redis of its own where the machine has them, lets
Locust's users work for a while, and writes docs/STRESS_TEST_REPORT.md with tables, CSV and plots. What people wrote
into the report's analysis stays. Asks 127.0.0.1 alone. `--from-files` writes the report again without a run.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demeter.settings")
django.setup()  # the accounts that the stack is given are models

from tests.load.stress.report import RESULTS, write_report  # noqa: E402
from tests.load.stress.results import SCENARIOS, Outcome, Run, Scenario, describe_machine, read_locust  # noqa: E402
from tests.load.stress.sampling import Sampler  # noqa: E402
from tests.support.jpeg import with_new_comment  # noqa: E402
from tests.support.local_stack import ROOT, Embedded, running_stack  # noqa: E402
from tests.support.nursery_photos import render_small  # noqa: E402
from tests.support.postgres import find_postgres, running_postgres  # noqa: E402
from tests.support.redis_server import find_redis, running_redis  # noqa: E402
from tests.support.waiting import reached  # noqa: E402
from tests.test_integration import EMAIL, PASSWORD, Client, picture  # noqa: E402

SHORT_S, FULL_S = 10.0, 300.0
SPAWNED_A_SECOND = 5
COUNTED_WITHIN_S = 900.0  # the first photos, on a busy machine
STOP_WITHIN_S = 70  # a prediction may take 60


@dataclass(frozen=True)
class Servers:
    """What the stack is given beside itself."""

    name: str
    settings: dict[str, str] = field(default_factory=dict)


@contextmanager
def running_servers(folder: Path) -> Iterator[Servers]:
    """PostgreSQL and Redis, where both are there; else the stack's own SQLite and folders."""
    if not (find_postgres() and find_redis()):
        yield Servers("SQLite")
        return
    with running_postgres(log_dir=folder) as database_url, running_redis(log_dir=folder) as redis_url:
        yield Servers(
            "PostgreSQL, Redis",
            {
                "DATABASE_URL": database_url,
                "CELERY_BROKER_URL": f"{redis_url}/0",
                "CACHE_URL": f"{redis_url}/1",
            },
        )


def measure(scenario: Scenario, seconds: float, photo: Path, folder: Path) -> tuple[Outcome, str]:
    """Run one scenario on a stack of its own. What came out, and on which servers."""
    with ExitStack() as running:
        sampler = Sampler(seconds)
        servers = running.enter_context(running_servers(folder / "servers"))
        settings = {
            **servers.settings,
            "GPU_WORKERS": str(scenario.workers),
            "BATCH_SIZE": str(scenario.batch),
            "ENABLE_BATCH": "false" if scenario.batch == 1 else "true",
        }
        stack = running.enter_context(running_stack(folder, settings))
        warm_up_predictions(stack.port, scenario)
        counted_before = warm_up_counting(stack, servers, scenario, photo)
        sampler.start()
        try:
            stats = run_locust(scenario, seconds, photo, folder, stack.port)
        finally:
            sampler.stop()
        [[answered, batches]] = rows(stack, servers, "SELECT count(*), count(DISTINCT claim) FROM predictions "
                                     "WHERE score IS NOT NULL")  # fmt: skip
        counted = counted_photos(stack, servers) - counted_before
        mean = round(answered / batches, 2) if batches else None
        return Outcome(scenario, read_locust(stats), sampler.samples, mean, counted), servers.name


def rows(stack: Embedded, servers: Servers, query: str) -> list[tuple[Any, ...]]:
    url = servers.settings.get("DATABASE_URL")
    if url is None:
        return stack.rows(query)
    with closing(psycopg.connect(url)) as connection:
        return connection.execute(query).fetchall()


def counted_photos(stack: Embedded, servers: Servers) -> int:
    query = "SELECT count(*) FROM photo_processing_sessions WHERE completed_at IS NOT NULL"
    [[count]] = rows(stack, servers, query)
    return int(count)


def warm_up_predictions(port: int, scenario: Scenario) -> None:
    """Ask every model worker something, for it loads the classifier at the first picture."""
    Client.address = f"http://127.0.0.1:{port}"
    client = Client()
    client.sign_in(EMAIL, PASSWORD)
    pictures = [picture() for _number in range(2 * scenario.batch * scenario.workers)]
    with ThreadPoolExecutor(len(pictures)) as threads:
        for _round in range(2):
            list(threads.map(lambda content: client.predict("warm.png", content), pictures))


def warm_up_counting(stack: Embedded, servers: Servers, scenario: Scenario, photo: Path) -> int:
    """Have photos counted, for a model worker loads the networks at its first one. How many.

    While one worker loads, the others take what waits: with several photos for each, all of them load. Raises
    SystemExit where the photos are not counted in time.
    """
    copies = [photo.with_name(f"warm_{number}.jpg") for number in range(3 * scenario.workers)]
    for copy in copies:
        copy.write_bytes(with_new_comment(photo.read_bytes()))
    stack.client().upload(copies)
    if not reached(
        lambda: counted_photos(stack, servers) >= len(copies), within_s=COUNTED_WITHIN_S, every_s=1.0
    ):
        raise SystemExit(f"{scenario.name}: no worker counts: {stack.log('worker-gpu')[-2000:]}")
    return len(copies)


def run_locust(scenario: Scenario, seconds: float, photo: Path, folder: Path, port: int) -> Path:
    """Locust's users for so many seconds after all have come. The file with its numbers."""
    prefix = folder / "locust"
    spawning_s = scenario.users / SPAWNED_A_SECOND
    command = (
        sys.executable, "-m", "locust", "-f", str(ROOT / "tests/load/locustfile.py"), scenario.user_class,
        "--headless", "--users", str(scenario.users), "--spawn-rate", str(SPAWNED_A_SECOND),
        "--run-time", f"{int(seconds + spawning_s)}s", "--reset-stats", "--stop-timeout", str(STOP_WITHIN_S),
        "--host", f"http://127.0.0.1:{port}", "--csv", str(prefix), "--only-summary", "--exit-code-on-error", "0",
    )  # fmt: skip
    log = folder / "locust.log"
    with log.open("wb") as output:
        subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "LOAD_PHOTO": str(photo)},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=True,
            timeout=seconds + spawning_s + STOP_WITHIN_S + 120,
        )
    return prefix.with_name("locust_stats.csv")


def run_all(scenarios: Sequence[Scenario], seconds: float, results: Path, before: Sequence[Outcome]) -> Run:
    """Run them one after the other; what is measured is in the file after each, whatever happens to the next."""
    results.parent.mkdir(parents=True, exist_ok=True)
    run = Run(datetime.now(UTC).isoformat(timespec="minutes"), seconds, "", describe_machine(), [*before])
    with tempfile.TemporaryDirectory(prefix="demeter-load-") as name:
        photo = render_small(Path(name), "photo")
        for number, scenario in enumerate(scenarios, start=1):
            sys.stdout.write(f"{number} of {len(scenarios)}: {scenario.name} … ")
            sys.stdout.flush()
            folder = Path(name) / scenario.file_name
            folder.mkdir()
            outcome, servers = measure(scenario, seconds, photo, folder)
            total = outcome.total
            sys.stdout.write(
                f"{total.count} requests, {total.failures} failed, p95 {total.p95_ms:.0f} ms, batches of "
                f"{outcome.batch_mean}\n"
            )
            outcomes = sorted([*run.outcomes, outcome], key=lambda done: SCENARIOS.index(done.scenario))
            run = Run(run.began_at, seconds, servers, run.machine, outcomes)
            run.save(results)
    return run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SHORT_S, help="of each scenario, beside its start")
    parser.add_argument("--full", action="store_true", help=f"{FULL_S:.0f} seconds each")
    parser.add_argument("--only", nargs="+", choices=[scenario.name for scenario in SCENARIOS])
    parser.add_argument("--add", action="store_true", help="keep what was measured of the other scenarios")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="folder of the report")
    parser.add_argument("--from-files", action="store_true", help="write the report from what is measured")
    options = parser.parse_args()
    if options.from_files:
        run = Run.load(options.out / RESULTS)
    else:
        chosen = [s for s in SCENARIOS if not options.only or s.name in options.only]
        results = options.out / RESULTS
        kept = Run.load(results).outcomes if options.add and results.is_file() else []
        others = [outcome for outcome in kept if outcome.scenario not in chosen]
        run = run_all(chosen, FULL_S if options.full else options.seconds, results, others)
    write_report(run, options.out)
    failed = sum(outcome.total.failures for outcome in run.outcomes)
    sys.stdout.write(f"{options.out / 'STRESS_TEST_REPORT.md'}: {failed} requests failed\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
