"""Processor and memory of a running stack, over time, by group of processes."""

import threading
import time
from collections import defaultdict

import psutil

from tests.load.stress.results import Sample

MIN_EVERY_S, SAMPLES = 1.0, 60  # so many of a run, however long it takes: the report keeps them all
LOAD = "load"  # the users themselves, who share the machine
# Words of a command line, and the group that it belongs to; the first that fits counts.
GROUPS = (
    ("locust", LOAD), ("granian", "web"), ("gpu_queue", "model"), ("cpu_queue", "cpu"), ("io_queue", "io"),
    ("postgres", "servers"), ("redis", "servers"),
)  # fmt: skip
OTHERS = "others"


class Sampler(threading.Thread):
    """Looks at this process's children until it is stopped; afterwards `samples` holds what it saw of `run_s`."""

    def __init__(self, run_s: float) -> None:
        super().__init__(name="sampler", daemon=True)
        self.samples: list[Sample] = []
        self._every_s = max(MIN_EVERY_S, run_s / SAMPLES)
        self._stopped = threading.Event()
        self._spent: dict[int, float] = {}
        self._groups: dict[int, str] = {}

    def run(self) -> None:
        began_at = looked_at = time.monotonic()
        self._look(1.0)  # what was spent before does not count
        while not self._stopped.wait(self._every_s):
            now = time.monotonic()
            cpu, rss = self._look(now - looked_at)
            self.samples.append(Sample(round(now - began_at, 1), cpu, rss))
            looked_at = now

    def stop(self) -> None:
        self._stopped.set()
        self.join()

    def _look(self, seconds: float) -> tuple[dict[str, float], dict[str, float]]:
        cpu: dict[str, float] = defaultdict(float)
        rss: dict[str, float] = defaultdict(float)
        for process in psutil.Process().children(recursive=True):
            try:
                with process.oneshot():
                    group = self._group(process)
                    times, memory = process.cpu_times(), process.memory_info().rss
            except psutil.Error:
                continue  # it has just ended
            spent = times.user + times.system
            cpu[group] += max(0.0, spent - self._spent.get(process.pid, spent)) / seconds
            rss[group] += memory / 1024**2
            self._spent[process.pid] = spent
        return (
            {group: round(value, 2) for group, value in cpu.items()},
            {group: round(value, 1) for group, value in rss.items()},
        )

    def _group(self, process: psutil.Process) -> str:
        if process.pid not in self._groups:
            line = " ".join(process.cmdline()) or process.name()
            self._groups[process.pid] = next((group for word, group in GROUPS if word in line), OTHERS)
        return self._groups[process.pid]
