"""Which GPU a worker takes."""

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
