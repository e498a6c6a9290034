"""Decoding processes: what happens in one stays there, and what it took goes back."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from demeter.celery import app
from photos.decoding.pool import DecodePool, memory_file, pool
from photos.decoding.process import Limits
from photos.decoding.renderings import render
from photos.errors import ImageTooLarge, InvalidFileType, UnreadableImage
from tests.photos.factories import picture_bytes
from tests.photos.test_edge_case_images import png
from tests.support.waiting import is_running, reached

FAULTS = "tests.photos.decoding_faults"
ROOT = Path(__file__).parents[2]
LIMITS = Limits(memory_bytes=600 * 1024**2, cpu_s=30, wall_s=120, idle_s=300)


@pytest.fixture
def output() -> Iterator[int]:
    file = memory_file()
    yield file
    os.close(file)


@pytest.fixture
def decoders() -> Iterator[DecodePool]:
    decoders = DecodePool(1, LIMITS)
    yield decoders
    decoders.close()


def test_one_process_serves_many_pictures_and_ends_with_its_pool(output: int) -> None:
    decoders = DecodePool(2, LIMITS)
    pids = {decoders.call(f"{FAULTS}:pid", output) for _ in range(5)}
    assert len(pids) == 1
    assert pids != {os.getpid()}
    decoders.close()
    assert not is_running(*pids)


def test_no_more_processes_work_at_once_than_the_pool_has(output: int) -> None:
    decoders = DecodePool(2, LIMITS)
    with ThreadPoolExecutor(8) as threads:
        pids = set(threads.map(lambda _: decoders.call(f"{FAULTS}:pid", output), range(24)))
    decoders.close()
    assert 1 <= len(pids) <= 2


@pytest.mark.parametrize("fault", ["crash", "refuse", "grow"])
def test_what_a_picture_does_again_is_its_own_fault_and_the_next_is_read(
    decoders: DecodePool, output: int, fault: str
) -> None:
    with pytest.raises(UnreadableImage):
        decoders.call(f"{FAULTS}:{fault}", output)
    assert decoders.call(f"{FAULTS}:pid", output) != os.getpid()


def test_a_picture_that_takes_too_long_on_the_processor_is_at_fault(output: int) -> None:
    decoders = DecodePool(1, Limits(memory_bytes=LIMITS.memory_bytes, cpu_s=1, wall_s=120, idle_s=300))
    with pytest.raises(UnreadableImage):
        decoders.call(f"{FAULTS}:compute", output)
    assert decoders.call(f"{FAULTS}:pid", output)
    decoders.close()


@pytest.mark.parametrize("fault", ["crash_once", "be_killed_once"])
def test_what_happens_once_is_tried_again_at_once(
    decoders: DecodePool, output: int, tmp_path: Path, fault: str
) -> None:
    assert decoders.call(f"{FAULTS}:{fault}", output, mark=str(tmp_path / "mark")) == "read"


def test_being_killed_from_outside_is_no_fault_of_the_picture(decoders: DecodePool, output: int) -> None:
    with pytest.raises(OSError, match="ended from outside"):
        decoders.call(f"{FAULTS}:be_killed", output)
    assert decoders.call(f"{FAULTS}:pid", output)


def test_waiting_without_computing_is_no_fault_of_the_picture(output: int) -> None:
    decoders = DecodePool(1, Limits(memory_bytes=LIMITS.memory_bytes, cpu_s=30, wall_s=8, idle_s=300))
    with pytest.raises(TimeoutError):
        decoders.call(f"{FAULTS}:hang", output)
    decoders.close()


def test_a_machine_without_memory_ends_the_decoding_process_before_its_worker(
    decoders: DecodePool, output: int
) -> None:
    decoder = decoders.call(f"{FAULTS}:pid", output)
    assert _oom_score(decoder) > _oom_score(os.getpid())


def _oom_score(pid: int) -> int:
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text())


def test_a_prefork_child_may_hold_a_bounded_memory_after_its_task() -> None:
    gibibyte_in_kib = 1024**2
    assert app.conf.worker_max_memory_per_child == gibibyte_in_kib


def test_a_process_that_has_grown_is_replaced(decoders: DecodePool, output: int) -> None:
    grown = decoders.call(f"{FAULTS}:keep", output, megabytes=400)
    assert not is_running(grown)
    assert decoders.call(f"{FAULTS}:pid", output) != grown


def test_a_process_that_left_for_want_of_work_is_replaced(output: int) -> None:
    decoders = DecodePool(1, Limits(memory_bytes=LIMITS.memory_bytes, cpu_s=30, wall_s=120, idle_s=1))
    first = decoders.call(f"{FAULTS}:pid", output)
    assert reached(lambda: not is_running(first), within_s=60)
    assert decoders.call(f"{FAULTS}:pid", output) != first
    decoders.close()


def test_a_forked_process_has_a_pool_of_its_own(output: int) -> None:
    ours = pool().call(f"{FAULTS}:pid", output)
    if (child := os.fork()) == 0:
        theirs = pool().call(f"{FAULTS}:pid", output)
        pool().close()
        os._exit(0 if theirs != ours else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert pool().call(f"{FAULTS}:pid", output) == ours


def test_a_worker_that_is_killed_leaves_no_decoding_process_behind() -> None:
    code = (
        "import django, sys; django.setup(); from photos.decoding.pool import memory_file, pool;"
        f"print(pool().call('{FAULTS}:pid', memory_file()), flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        decoder = int(worker.stdout.readline())
        assert is_running(decoder)
        worker.kill()
    assert reached(lambda: not is_running(decoder), within_s=60)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(picture_bytes()[:300], UnreadableImage, id="cut short"),
        pytest.param(b"no picture", InvalidFileType, id="no picture"),
        pytest.param(png(10_000, 10_000), ImageTooLarge, id="100 megapixels"),
        pytest.param(png(60_000, 900), UnreadableImage, id="nothing behind the header"),
    ],
)
def test_a_picture_that_cannot_be_read_is_refused_by_name(
    content: bytes, error: type[Exception], tmp_path: Path
) -> None:
    path = tmp_path / "photo"
    path.write_bytes(content)
    with pytest.raises(error):
        render(path, with_preview=True)


SERIES = """
import json, resource, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import django; django.setup()
from photos.decoding.pool import pool
from photos.decoding.renderings import render
from photos.errors import DemeterError
from mlpipeline.imageio import read_rgb_apart

def held_mib(what):
    (line,) = [line for line in open("/proc/self/status") if line.startswith(what)]
    return int(line.split()[1]) / 1024

def code_of(read):
    def answer(path):
        try:
            read(path)
        except DemeterError as error:
            return error.code
        return "read"
    return answer

paths = list(map(Path, sys.argv[1:]))
with ThreadPoolExecutor(6) as threads:
    rendered = list(threads.map(code_of(lambda path: render(path, with_preview=True)), paths))
    peak_mib = held_mib("VmHWM")
    decoded = list(threads.map(code_of(read_rgb_apart), paths))
rss_mib = held_mib("VmRSS")
pool().close()
child_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(json.dumps([rendered, decoded, peak_mib, rss_mib, child_mib]))
"""


def test_a_series_of_hostile_pictures_leaves_a_worker_as_small_as_it_was(tmp_path: Path) -> None:
    width, height = 6000, 5000  # with alpha: 120 MB in Pillow's memory, and as much again as RGB
    whole = png(width, height, colour=6, rows=bytes(1 + 4 * width) * height)
    contents = [whole, whole[: len(whole) // 2], whole]
    paths = [tmp_path / str(number) for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    command = [sys.executable, "-c", SERIES, *map(str, paths)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert ended.returncode == 0, ended.stderr[-2000:]
    rendered, decoded, peak_mib, rss_mib, child_mib = json.loads(ended.stdout.splitlines()[-1])
    assert rendered == decoded == ["read", "unreadable_image", "read"]
    assert peak_mib < 250, "what a worker held at most while small pictures were made"
    assert rss_mib < 250, "what it holds after it had their pixels"
    assert child_mib < 1000, "what a decoding process held at most"
