"""The supervisor with real child processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from demeter.orphan_reaper import remaining_groups
from demeter.supervisor import ProcessEvent, ProcessSpec, Supervisor
from tests.support.waiting import is_running, reached

SLEEPER = (sys.executable, "-c", "import signal; signal.pause()")
# Starts a child of its own, says its number, and ignores the polite request to end.
STUBBORN_PROGRAM = """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print(child.pid, flush=True)
signal.pause()
"""
STUBBORN_PARENT = (sys.executable, "-c", STUBBORN_PROGRAM)


def keep_until(supervisor: Supervisor, condition: Callable[[], bool]) -> bool:
    def round_then_ask() -> bool:
        supervisor.keep_running()
        return condition()

    return reached(round_then_ask)


def pid_of(supervisor: Supervisor, name: str = "sleeper") -> int:
    pid = supervisor.pid(name)
    assert pid is not None
    return pid


def test_a_process_killed_with_kill_9_is_started_again(tmp_path: Path) -> None:
    events: list[ProcessEvent] = []
    with Supervisor(
        [ProcessSpec("sleeper", SLEEPER)], log_dir=tmp_path, on_event=events.append
    ) as supervisor:
        first = pid_of(supervisor)
        os.kill(first, signal.SIGKILL)
        assert keep_until(supervisor, lambda: supervisor.pid("sleeper") not in (None, first))
        second = pid_of(supervisor)
        assert is_running(second)
    assert [(event.kind, event.pid) for event in events] == [
        ("started", first),
        ("died", first),
        ("started", second),
        ("ended", second),
    ]
    assert events[1].exit_code == -signal.SIGKILL


def test_a_process_that_dies_at_once_is_started_again_with_growing_pauses(tmp_path: Path) -> None:
    events: list[ProcessEvent] = []
    spec = ProcessSpec("broken", (sys.executable, "-c", "raise SystemExit(3)"))
    with Supervisor([spec], log_dir=tmp_path, on_event=events.append) as supervisor:
        assert keep_until(supervisor, lambda: sum(event.kind == "died" for event in events) == 3)
    died = [event for event in events if event.kind == "died"]
    assert [event.again_in_s for event in died] == [0.5, 1.0, 2.0]
    assert {event.exit_code for event in died} == {3}


def test_stopping_ends_all_processes_and_what_they_started_even_when_they_refuse(tmp_path: Path) -> None:
    specs = [ProcessSpec("sleeper", SLEEPER), ProcessSpec("stubborn", STUBBORN_PARENT)]
    log = tmp_path / "stubborn.log"
    with Supervisor(specs, log_dir=tmp_path, grace_s=0.2) as supervisor:
        assert reached(lambda: log.read_text().endswith("\n"))
        pids = [pid_of(supervisor), pid_of(supervisor, "stubborn"), int(log.read_text())]
        assert [is_running(pid) for pid in pids] == [True, True, True]
    assert reached(lambda: [is_running(pid) for pid in pids] == [False, False, False])


def test_a_listener_that_fails_while_all_are_ended_leaves_nothing_running(tmp_path: Path) -> None:
    pids: list[int] = []

    def listen(event: ProcessEvent) -> None:
        pids.append(event.pid)
        if event.kind == "ended":
            raise BrokenPipeError("the terminal was closed")

    specs = [ProcessSpec("one", SLEEPER), ProcessSpec("two", SLEEPER)]
    supervisor = Supervisor(specs, log_dir=tmp_path, on_event=listen)
    with pytest.raises(BrokenPipeError), supervisor:
        assert len(pids) == 2
    assert [is_running(pid) for pid in pids[:2]] == [False, False]


def test_the_children_of_a_killed_parent_end_with_it(tmp_path: Path) -> None:
    log = tmp_path / "stubborn.log"
    with Supervisor([ProcessSpec("stubborn", STUBBORN_PARENT)], log_dir=tmp_path, grace_s=0.2) as supervisor:
        assert reached(lambda: log.read_text().endswith("\n"))
        grandchild = int(log.read_text())
        os.kill(pid_of(supervisor, "stubborn"), signal.SIGKILL)
        assert keep_until(supervisor, lambda: not is_running(grandchild))


def test_nothing_is_left_when_the_supervisor_itself_is_killed(tmp_path: Path) -> None:
    program = (
        "import pathlib, signal, sys\n"
        "from demeter.supervisor import ProcessSpec, Supervisor\n"
        f"spec = ProcessSpec('stubborn', {STUBBORN_PARENT!r})\n"
        f"with Supervisor([spec], log_dir=pathlib.Path({str(tmp_path)!r})) as supervisor:\n"
        "    print(supervisor.pid('stubborn'), flush=True)\n"
        "    signal.pause()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process, process.stdout:
        child = int(process.stdout.readline())
        log = tmp_path / "stubborn.log"
        assert reached(lambda: log.read_text().endswith("\n"))
        grandchild = int(log.read_text())
        process.kill()
    assert reached(lambda: not is_running(child) and not is_running(grandchild))


def test_a_killed_reaper_is_replaced_and_told_what_runs(tmp_path: Path) -> None:
    program = (
        "import pathlib, signal, sys\n"
        "from demeter.supervisor import ProcessSpec, Supervisor\n"
        f"spec = ProcessSpec('sleeper', {SLEEPER!r})\n"
        f"with Supervisor([spec], log_dir=pathlib.Path({str(tmp_path)!r})) as supervisor:\n"
        "    supervisor._reaper.kill()\n"
        "    supervisor._reaper.wait()\n"
        "    supervisor.keep_running()\n"
        "    print(supervisor.pid('sleeper'), flush=True)\n"
        "    signal.pause()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process, process.stdout:
        child = int(process.stdout.readline())
        assert is_running(child)
        process.kill()
    assert reached(lambda: not is_running(child))


def test_only_processes_of_its_own_groups_are_killed(tmp_path: Path) -> None:
    with Supervisor([ProcessSpec("sleeper", SLEEPER)], log_dir=tmp_path) as supervisor:
        child = pid_of(supervisor)
        assert not supervisor.kill_member(os.getpid())
        assert supervisor.kill_member(child)
        assert keep_until(supervisor, lambda: supervisor.pid("sleeper") not in (None, child))
        assert not supervisor.kill_member(child)


def test_each_process_writes_its_own_log_and_a_long_one_is_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demeter.supervisor.LOG_MAX_BYTES", 10)
    log = tmp_path / "speaker.log"
    log.write_text("a line of yesterday\n")
    command = (
        sys.executable,
        "-c",
        "import os, signal; print(os.environ['WORD'], flush=True); signal.pause()",
    )
    with Supervisor([ProcessSpec("speaker", command, {"WORD": "cactus"})], log_dir=tmp_path):
        assert reached(lambda: log.exists() and log.read_text() == "cactus\n")
    assert log.with_suffix(".log.1").read_text() == "a line of yesterday\n"


def test_a_log_that_grows_is_set_aside_while_its_process_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demeter.supervisor.LOG_MAX_BYTES", 10)
    log = tmp_path / "speaker.log"
    program = (
        "import signal\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})\n"
        "print('a first, long line', flush=True)\n"
        "signal.sigwait({signal.SIGUSR1})\n"
        "print('second', flush=True)\n"
        "signal.pause()\n"
    )
    spec = ProcessSpec("speaker", (sys.executable, "-c", program))
    with Supervisor([spec], log_dir=tmp_path) as supervisor:
        assert keep_until(supervisor, lambda: log.with_suffix(".log.1").exists() and log.stat().st_size == 0)
        first = pid_of(supervisor, "speaker")
        os.kill(first, signal.SIGUSR1)
        assert reached(lambda: log.read_bytes() == b"second\n")  # at its beginning: no hole before it
        assert pid_of(supervisor, "speaker") == first
    assert log.with_suffix(".log.1").read_text() == "a first, long line\n"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([], set(), id="nothing was started"),
        pytest.param(["+12\n", "+13\n"], {12, 13}, id="all were left behind"),
        pytest.param(["+12\n", "+13\n", "-12\n"], {13}, id="one had ended before"),
        pytest.param(["+12\n", "+1"], {12}, id="a number cut short is not taken for another process"),
        pytest.param(["+12\n", "nonsense\n", "+x\n", "12\n"], {12}, id="other lines mean nothing"),
    ],
)
def test_the_reaper_knows_the_groups_that_are_left(lines: list[str], expected: set[int]) -> None:
    assert remaining_groups(lines) == expected


def test_without_a_log_folder_processes_write_where_the_supervisor_does(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    done = tmp_path / "done"
    speaker = ProcessSpec("speaker", ("sh", "-c", f"echo heard; touch {done}; sleep 60"))
    with Supervisor([speaker], log_dir=None):
        assert reached(done.exists)
    assert capfd.readouterr().out == "heard\n"
