"""What runs the networks: OpenVINO on a CPU, torch on a GPU and where OpenVINO is unfit."""

import threading

import numpy as np
import pytest
import torch

from mlpipeline.detectors import backends, openvino_runtime
from mlpipeline.detectors.backends import CPU_BATCH_TILES, GPU_BATCH_TILES, batch_tiles, load_forward
from mlpipeline.detectors.engines import load_engine
from mlpipeline.detectors.errors import ModelUnavailable
from mlpipeline.detectors.inference_backend import RawOutput
from mlpipeline.detectors.manifest import require_weights
from mlpipeline.detectors.network import Network
from mlpipeline.detectors.openvino_forward import (
    OpenVinoForward,
    difference,
    picture_to_compare,
)
from mlpipeline.detectors.openvino_runtime import MAX_DIFFERENCE
from mlpipeline.detectors.torch_forward import TorchForward
from mlpipeline.detectors.yolo import YoloDetector
from mlpipeline.vision.geometry.boxes import iou


class Fixed:
    """A Forward that always answers the same: one picture, 1,000 cells, 3 classes."""

    name = "fixed"
    prefers_batches = False

    def __init__(self, scores, boxes=None):
        self.answer = RawOutput(torch.zeros(1, 64, 1000) if boxes is None else boxes, scores)

    def run(self, batch):
        return self.answer


def scores(seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(0, 3, (1, 3, 1000)).astype(np.float32))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The shipped detector on OpenVINO, and the cache it was exported to."""
    cache = tmp_path_factory.mktemp("models")
    return OpenVinoForward(require_weights("detection"), cache), cache


def test_forwards_that_answer_alike_do_not_differ():
    assert difference(Fixed(scores()), Fixed(scores()), picture_to_compare(64)) == 0


@pytest.mark.parametrize(
    ("ours", "reference"),
    [
        pytest.param(Fixed(scores(1)), Fixed(scores(2)), id="other scores"),
        pytest.param(Fixed(scores(), 9 * torch.randn(1, 64, 1000)), Fixed(scores()), id="other boxes"),
        pytest.param(Fixed(scores()[:, :2]), Fixed(scores()), id="a class less"),
        pytest.param(Fixed(scores() * float("nan")), Fixed(scores()), id="no numbers"),
    ],
)
def test_forwards_that_answer_otherwise_differ_too_much(ours, reference):
    assert difference(ours, reference, picture_to_compare(64)) > MAX_DIFFERENCE


def test_openvino_answers_as_torch_does_one_picture_or_several(exported):
    forward, _ = exported
    picture = picture_to_compare(512)
    assert difference(forward, TorchForward(require_weights("detection")), picture) <= MAX_DIFFERENCE
    alone = Network(forward, (0.0, 0.0, 0.0)).run([picture], 0.25).candidates[0]
    together = (
        Network(forward, (0.0, 0.0, 0.0)).run([picture[::-1], picture, picture[:, ::-1]], 0.25).candidates
    )
    assert len(together) == 3
    assert len(alone.boxes) > 0
    assert torch.allclose(alone.boxes, together[1].boxes, atol=0.5)


def test_the_first_tensor_of_a_process_is_made_while_a_network_is_loaded(exported, monkeypatch):
    """Two threads that make it at once wait for each other for ever, and a photo's first two stages are two threads."""
    made_by = []
    monkeypatch.setattr(
        openvino_runtime, "make_first_tensor", lambda: made_by.append(threading.current_thread())
    )
    OpenVinoForward(require_weights("detection"), exported[1])
    assert made_by == [threading.current_thread()]


def test_an_export_that_disagrees_is_not_used(exported, monkeypatch, settings):
    settings.MODEL_CACHE_DIR = exported[1]
    monkeypatch.setattr(openvino_runtime, "MAX_DIFFERENCE", -1.0)
    with pytest.raises(ModelUnavailable, match="differ"):
        load_forward(require_weights("detection"), "openvino")


def test_where_openvino_is_unfit_torch_runs_the_network_and_says_so(exported, monkeypatch, settings, caplog):
    settings.MODEL_CACHE_DIR = exported[1]
    monkeypatch.setattr(openvino_runtime, "MAX_DIFFERENCE", -1.0)
    assert load_forward(require_weights("detection")).name == "torch"
    assert "torch does, more slowly" in caplog.text


def test_a_cache_that_cannot_be_written_is_no_reason_not_to_count(tmp_path, settings, caplog):
    settings.MODEL_CACHE_DIR = tmp_path / "file" / "models"
    (tmp_path / "file").write_text("no folder")
    assert load_forward(require_weights("detection")).name == "torch"
    assert "OpenVINO cannot run" in caplog.text


def test_a_cpu_gets_openvino_by_itself_and_torch_by_name(exported, settings):
    settings.MODEL_CACHE_DIR = exported[1]
    assert load_forward(require_weights("detection")).name == "openvino"
    assert load_forward(require_weights("detection"), "torch").name == "torch"


def test_a_gpu_gets_torch_by_itself(monkeypatch, settings, tmp_path):
    settings.MODEL_CACHE_DIR = tmp_path / "models"
    monkeypatch.setattr(backends, "has_gpu", lambda: True)
    assert load_forward(require_weights("detection")).name == "torch"
    assert not settings.MODEL_CACHE_DIR.exists()


def test_batches_are_large_on_a_gpu_and_as_the_setting_says(monkeypatch, settings):
    monkeypatch.setattr(backends, "available_cores", lambda: 2)
    assert [batch_tiles(True), batch_tiles(False)] == [GPU_BATCH_TILES, CPU_BATCH_TILES]
    monkeypatch.setattr(backends, "available_cores", lambda: 16)
    assert batch_tiles(False) == 32
    settings.COUNT_BATCH_TILES = 5
    assert [batch_tiles(True), batch_tiles(False)] == [5, 5]


def test_an_unknown_engine_is_refused():
    with pytest.raises(ModelUnavailable, match="yolo"):
        load_engine("yolo")


def test_dropping_low_scores_first_changes_nothing_above_them(exported):
    detector = YoloDetector(require_weights("detection"), exported[0])
    (everything,) = detector.detect([picture_to_compare(512)])
    middling = float(np.median(everything.scores))
    (sure,) = detector.with_min_score(middling).detect([picture_to_compare(512)])
    expected = everything.select(everything.scores > middling)
    assert 0 < len(expected) < len(everything)
    assert np.array_equal(sure.scores, expected.scores)
    # Scores in bf16 are often equal, and which of two equal boxes of a plant stays is chance.
    assert iou(expected.boxes, sure.boxes).max(axis=1).min() >= 0.6
    assert detector.min_score < middling, "the detector itself stays as it was"
