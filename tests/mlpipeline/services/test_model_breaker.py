"""When the models fail again and again photos wait; bad photos and an absent store change nothing."""

from typing import Any

import numpy as np
import pytest

from demeter.breakers.breaker import storage_of
from mlpipeline.detectors.errors import ModelFault, ModelUnavailable
from mlpipeline.detectors.network import Network
from mlpipeline.services import model_breaker
from mlpipeline.services.model_breaker import batch_faults_noted, model_guard
from mlpipeline.tasks import counting_steps
from mlpipeline.vision.errors import DetectorFault, UnreadableImage
from photos.choices import StepKind, StepStatus
from photos.errors import StoreUnavailable
from photos.models import ProcessingStep
from photos.services.results.session_lifecycle import open_session
from tests.photos.count_builders import store_photo


def fail(error: Exception, times: int) -> None:
    for _ in range(times):
        with pytest.raises((ModelFault, type(error))), model_guard():
            raise error


def state() -> str:
    return storage_of("model").snapshot().state


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ModelUnavailable("no weights"), id="weights"),
        pytest.param(ModelFault("out of memory"), id="device"),
        pytest.param(DetectorFault("NaN"), id="nonsense"),
    ],
)
def test_five_faults_of_the_models_open_it(error: Exception) -> None:
    fail(error, 5)
    assert state() == "open"
    with pytest.raises(ModelUnavailable) as refused, model_guard():
        pass
    assert 290 < (refused.value.retry_after_s or 0) <= 300


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(UnreadableImage("broken"), id="a bad photo"),
        pytest.param(StoreUnavailable("no answer"), id="the store is away"),
        pytest.param(ValueError("ours"), id="a fault of ours"),
    ],
)
def test_what_the_models_cannot_help_never_opens_it(error: Exception) -> None:
    fail(error, 20)
    assert state() == "closed"


def test_faults_of_steps_in_a_batch_count_too() -> None:
    noted = []
    for _ in range(5):
        with pytest.raises(ModelFault) as fault, batch_faults_noted():
            raise ModelFault("out of memory")
        noted.append(fault.value.faults_in_row)
    assert noted == [1, 2, 3, 4, 5]
    assert state() == "open"


def test_what_the_library_of_a_network_raises_is_a_fault_of_the_model() -> None:
    class Broken:
        name, prefers_batches = "broken", False

        def run(self, batch: Any) -> Any:
            raise RuntimeError("CUDA error at 10.0.0.7:/srv")

    network = Network(Broken(), (0.0, 0.0, 0.0))
    with pytest.raises(ModelFault) as fault:
        network.run([np.zeros((32, 32, 3), np.uint8)], 0.5)
    assert "10.0.0.7" not in str(fault.value)


@pytest.mark.django_db
def test_while_it_is_open_a_photo_waits_and_uses_up_no_try(
    worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = store_photo(worker)
    session = open_session(image=image, user=worker)
    step = session.steps.get(kind=StepKind.SEGMENT)

    def no_weights(_name: str) -> None:
        raise ModelUnavailable("no weights")

    monkeypatch.setattr(counting_steps, "load_engine", no_weights)
    monkeypatch.setattr(counting_steps, "answer_predictions_first", lambda: None)
    for _ in range(12):
        ProcessingStep.objects.update(not_before=None)
        counting_steps.process_photo_ml(step.pk)
    step.refresh_from_db()
    assert state() == "open"
    assert (step.status, step.failures, step.losses) == (StepStatus.PENDING, 0, 0)
    assert step.error_code == "model_unavailable"


def test_the_probe_task_tries_the_models_and_says_nothing_of_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    fail(ModelFault("out of memory"), 5)

    def broken(_name: str) -> None:
        raise AssertionError("it was asked while it is open")

    monkeypatch.setattr(model_breaker, "load_engine", broken)
    counting_steps.detect_probe()
    assert state() == "open"
