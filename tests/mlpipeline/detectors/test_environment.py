"""What the model libraries are told: which GPU a worker takes, and that nobody is told of their use."""

import os
import subprocess
import sys

import pytest

from mlpipeline.detectors.environment import gpu_number


@pytest.mark.parametrize(
    ("worker", "gpus", "expected"),
    [
        pytest.param(None, 2, 0, id="a process that is no numbered worker takes the first"),
        pytest.param("1", 2, 1, id="one GPU each"),
        pytest.param("3", 2, 1, id="more workers than GPUs share them"),
        pytest.param("5", 1, 0, id="one GPU for all"),
    ],
)
def test_worker_n_takes_gpu_n_modulo_their_number(monkeypatch, worker, gpus, expected):
    monkeypatch.delenv("DEMETER_WORKER_NUMBER", raising=False)
    if worker is not None:
        monkeypatch.setenv("DEMETER_WORKER_NUMBER", worker)
    assert gpu_number(gpus) == expected


def test_a_model_library_reports_its_use_to_nobody(tmp_path):
    """In a fresh interpreter, because a library reports when it is first imported; it would mark the home folder."""
    code = (
        "from mlpipeline.detectors.environment import prepare_libraries; prepare_libraries();"
        "import sys, openvino, openvino.frontend.pytorch, ultralytics;"
        "print([name for name in sys.modules if name.startswith('openvino_telemetry.')])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert answer.stdout.strip().splitlines()[-1] == "[]"
    assert not (tmp_path / "intel").exists()
