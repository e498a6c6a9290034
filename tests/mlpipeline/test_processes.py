"""Commands share work among processes, which inherit nothing of a parent that has loaded a model."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from mlpipeline.management.processes import in_processes


def describe(task):
    return os.getpid(), "torch" in sys.modules


def refuse(task):
    raise ValueError(f"{task} cannot be done")


def test_one_process_is_this_one_and_keeps_the_order():
    done = list(in_processes(describe, (3, 1, 2), 1))
    assert [task for task, _ in done] == [3, 1, 2]
    assert {pid for _, (pid, _) in done} == {os.getpid()}


def test_several_processes_are_spawned_and_every_task_is_done_once():
    import torch  # noqa: F401  # as a command has it that loaded a model; its children have not

    done = list(in_processes(describe, range(5), 2))
    assert sorted(task for task, _ in done) == [0, 1, 2, 3, 4]
    assert os.getpid() not in {pid for _, (pid, _) in done}
    assert not any(has_torch for _, (_, has_torch) in done), (
        "a fork would hold the parent's modules and its locks"
    )


@pytest.mark.parametrize("processes", [1, 2])
def test_what_the_work_raises_reaches_the_command(processes):
    with pytest.raises(ValueError, match="7 cannot be done"):
        list(in_processes(refuse, (7,), processes))


def note_pid_and_wait(folder: Path, task):
    (folder / f"{os.getpid()}.pid").touch()
    time.sleep(600)


def spread(folder: str) -> None:
    list(in_processes(partial(note_pid_and_wait, Path(folder)), range(2), 2))


def wait_until(is_met, seconds=60):
    deadline = time.monotonic() + seconds
    while not is_met():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_processes_end_when_their_command_is_killed(tmp_path):
    notes = tmp_path / "notes"
    notes.mkdir()
    call = f"from tests.mlpipeline.test_processes import spread; spread({str(notes)!r})"
    command = subprocess.Popen([sys.executable, "-c", call], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: len(list(notes.iterdir())) == 2)
        pids = [int(path.stem) for path in notes.iterdir()]
        assert all(is_running(pid) for pid in pids)
        command.send_signal(signal.SIGKILL)
        command.wait()
        wait_until(lambda: not any(is_running(pid) for pid in pids))
    finally:
        command.kill()
        command.wait()
