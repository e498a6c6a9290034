"""Commands share work among processes, which inherit nothing of a parent that has loaded a model."""

import os
import sys

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
