"""The second stage on OpenVINO answers as on torch, and torch takes its place where it cannot run."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mlpipeline.detectors import backends, openvino_runtime
from mlpipeline.detectors.backends import load_rescorer
from mlpipeline.detectors.engines import shipped_weights
from mlpipeline.detectors.errors import ModelFault, ModelUnavailable
from mlpipeline.detectors.export_cache import RECORD_NAME
from mlpipeline.detectors.openvino_rescorer import BATCH_CROPS, OpenVinoRescorer, crops_to_compare
from mlpipeline.detectors.openvino_runtime import MAX_DIFFERENCE
from mlpipeline.detectors.rescoring_network import SECOND_STAGE
from mlpipeline.detectors.torch_rescorer import TorchRescorer, read_network


@pytest.fixture(scope="module")
def weights():
    return shipped_weights()["detection"]


@pytest.fixture(scope="module")
def exported(weights, tmp_path_factory):
    """The shipped second stage on OpenVINO, and the cache it was exported to."""
    cache = tmp_path_factory.mktemp("models")
    return OpenVinoRescorer(weights, read_network(weights), cache), cache


def test_openvino_answers_as_torch_does(exported, weights):
    crops, hints = crops_to_compare()
    answer = exported[0].probabilities(crops, hints)
    expected = TorchRescorer(read_network(weights)).probabilities(crops, hints)
    assert np.abs(answer - expected).max(axis=1).mean() <= MAX_DIFFERENCE
    assert np.ptp(expected, axis=0).max() > 10 * MAX_DIFFERENCE, "crops that look alike would compare nothing"


def test_the_answer_for_one_does_not_depend_on_the_others(exported):
    crops, hints = crops_to_compare()
    together = exported[0].probabilities(crops, hints)
    backwards = np.arange(len(crops))[::-1]
    for part in (np.arange(3), np.arange(5, 5 + 2 * BATCH_CROPS), np.array([len(crops) - 1]), backwards):
        np.testing.assert_array_equal(exported[0].probabilities(crops[part], hints[part]), together[part])


def test_it_is_exported_once_beside_the_first_stage(exported, weights, monkeypatch, settings):
    rescorer, cache = exported
    settings.MODEL_CACHE_DIR = cache
    records = list(cache.glob(f"*/{RECORD_NAME}"))

    def exported_again(*_args):
        raise AssertionError("what is in the cache is not exported again")

    monkeypatch.setattr(OpenVinoRescorer, "_export", exported_again)
    again = load_rescorer(weights)
    crops, hints = crops_to_compare()
    np.testing.assert_array_equal(again.probabilities(crops, hints), rescorer.probabilities(crops, hints))
    assert list(cache.glob(f"*/{RECORD_NAME}")) == records


def test_where_openvino_is_unfit_torch_runs_it_and_by_name_it_is_refused(
    exported, weights, monkeypatch, settings, caplog
):
    settings.MODEL_CACHE_DIR = exported[1]
    monkeypatch.setattr(openvino_runtime, "MAX_DIFFERENCE", -1.0)
    assert isinstance(load_rescorer(weights), TorchRescorer)
    assert "torch does, more slowly" in caplog.text
    with pytest.raises(ModelUnavailable, match="differ"):
        load_rescorer(weights, "openvino")


def test_a_gpu_gets_torch_by_itself(weights, monkeypatch, settings, tmp_path):
    settings.MODEL_CACHE_DIR = tmp_path / "models"
    monkeypatch.setattr(backends, "has_gpu", lambda: True)
    assert isinstance(load_rescorer(weights), TorchRescorer)
    assert not settings.MODEL_CACHE_DIR.exists()


def test_weights_of_one_stage_have_no_second(weights, tmp_path):
    stored = torch.load(weights.path, weights_only=True)
    stored.pop(SECOND_STAGE)
    torch.save(stored, tmp_path / weights.file)
    assert load_rescorer(replace(weights, folder=tmp_path)) is None


def test_a_library_that_breaks_off_is_a_fault_of_the_model(exported, monkeypatch):
    class Broken:
        def start_async(self, *_args, **_kwargs):
            raise RuntimeError("the device is gone")

    monkeypatch.setattr(exported[0], "_queue", Broken())
    with pytest.raises(ModelFault):
        exported[0].probabilities(*crops_to_compare())
