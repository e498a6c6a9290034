"""Training: its schedule, one real step, and the way from a checkpoint to default weights."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from django.core.management import call_command
from django.core.management.base import CommandError

from mlpipeline.detectors.manifest import read_manifest, validate_weights
from mlpipeline.detectors.torch_forward import TorchForward
from mlpipeline.detectors.yolo import YoloDetector
from mlpipeline.training import trainer
from mlpipeline.training.datasets import DETECTION, SEGMENTATION, DatasetRecipe, DatasetWriter
from mlpipeline.training.install_weights import Installation, install_weights
from mlpipeline.training.scenes import SceneSpec, render_scene
from mlpipeline.training.seed_ranges import DEMO_SEEDS, TRAINING_SEEDS
from mlpipeline.training.trainer import WARM_UP, TrainingPlan, TrainingRun, knows_bf16, learning_rate_share
from mlpipeline.training.training_job import CHECKPOINT, TrainingJob, train
from mlpipeline.vision.results import CONTAINER_TYPES


def test_the_learning_rate_rises_then_falls_with_the_clock():
    assert learning_rate_share(0) == pytest.approx(0.01)
    assert learning_rate_share(WARM_UP) == pytest.approx(1.0)
    assert learning_rate_share((1 + WARM_UP) / 2) == pytest.approx(0.505)
    assert learning_rate_share(1) == pytest.approx(0.01)
    assert learning_rate_share(5) == pytest.approx(0.01), "an overrun goes on gently"


@pytest.mark.parametrize("first", [pytest.param(min(DEMO_SEEDS), id="demo"), pytest.param(0, id="below all")])
def test_the_command_refuses_seeds_that_are_not_for_training(tmp_path, first):
    with pytest.raises(CommandError, match="not for training"):
        call_command("train", "pictures", scenes=1, first_seed=first, processes=1, folder=tmp_path)


def test_training_without_pictures_is_refused_with_the_folder_named(tmp_path):
    with pytest.raises(CommandError, match="pictures"):
        call_command("train", "detection", scenes=0, minutes=0.01, folder=tmp_path)


def test_there_is_nothing_to_resume_before_the_first_checkpoint(tmp_path):
    job = TrainingJob("detection", tmp_path, minutes=0.01, resume=True)
    job.writer.add_scene(render_scene(SceneSpec("easy", TRAINING_SEEDS.start, 128, 128)))
    with pytest.raises(FileNotFoundError, match="nothing to resume"):
        list(train(job))


def test_a_training_leaves_a_checkpoint_a_log_and_weights_that_detect(tmp_path):
    job = TrainingJob("detection", tmp_path, minutes=0.005, image_px=64)
    writer = DatasetWriter(
        tmp_path / "pictures", DatasetRecipe(tile_px=64, overview_px=64, tiles_per_scene=5)
    )
    for seed in range(TRAINING_SEEDS.start, TRAINING_SEEDS.start + 2):
        writer.add_scene(render_scene(SceneSpec("easy", seed, 128, 128, plant_px=(16, 24))))
    assert len(writer.pictures(DETECTION)) >= 8
    epochs = list(train(job))
    assert epochs[-1]["progress"] >= 1
    assert all(epoch["pictures"] > 0 for epoch in epochs), "on a busy machine minutes say nothing"
    logged = [json.loads(line) for line in (job.run_folder / "log.jsonl").read_text().splitlines()]
    assert logged[1:] == epochs
    weights = install_weights(
        Installation("detection", job.run_folder / CHECKPOINT, confidence=0.3, version="test"),
        tmp_path / "weights",
    )
    assert read_manifest(tmp_path / "weights") == {"detection": weights}
    assert validate_weights(weights) is None
    (answer,) = YoloDetector(weights, TorchForward(weights)).detect([np.zeros((512, 512, 3), np.uint8)])
    assert answer.boxes.shape == (len(answer), 4)
    checkpoint = job.run_folder / CHECKPOINT
    saved = torch.load(checkpoint, weights_only=True)["weights"]
    plan = TrainingPlan("yolo11n-seg.yaml", CONTAINER_TYPES, minutes=0.005, image_px=64, workers=0)
    begun = TrainingRun(plan, writer.pictures(SEGMENTATION), tmp_path / "segmentation", start=checkpoint)
    first, head = "model.0.conv.weight", "model.23.cv3.0.2.bias"
    assert torch.equal(begun.model.state_dict()[first], saved[first]), "another task lends what sees"
    assert not torch.equal(begun.model.state_dict()[head], saved[head]), "but not what answers"


class Pictures:
    """A loader of ten batches an epoch; each takes a part of the training's time."""

    def __init__(self, clock, step_s):
        self.clock, self.step_s = clock, step_s
        self.dataset = self
        self.closed_after = None
        self.batches = self.resets = 0

    def __iter__(self):
        for _ in range(10):
            self.clock.now += self.step_s
            self.batches += 1
            yield {}

    def close_mosaic(self, settings):
        self.closed_after = self.batches

    def reset(self):
        self.resets += 1


class Clock:
    now = 0.0

    def monotonic(self):
        return self.now


@pytest.mark.parametrize(
    ("step_s", "batches", "mosaics"),
    [
        pytest.param(6.0, 9, [0.6, 0.0], id="one epoch is longer than the training"),
        pytest.param(2.0, 26, [0.6, 0.6, 0.6, 0.0], id="several epochs"),
    ],
)
def test_the_last_part_of_a_training_shows_tiles_as_they_are(tmp_path, monkeypatch, step_s, batches, mosaics):
    clock = Clock()
    monkeypatch.setattr(trainer, "time", clock)
    run = TrainingRun.__new__(TrainingRun)
    run.plan = TrainingPlan("yolo11n.yaml", ("plant",), minutes=1.0, image_px=64)
    run.optimizer, run.settings, run.epoch = SimpleNamespace(param_groups=[]), None, 0
    run.loader = Pictures(clock, step_s)
    run.step = lambda batch: {"box": 1.0}
    run.save = lambda: tmp_path
    epochs = list(run.train())
    assert (run.loader.closed_after, run.loader.resets) == (batches, 1)
    assert [epoch["mosaic"] for epoch in epochs] == mosaics
    assert epochs[-1]["progress"] == 1


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param({"avx512_bf16": True, "amx_bf16": False}, True, id="avx512"),
        pytest.param({"avx512_bf16": False, "amx_bf16": True}, True, id="amx"),
        pytest.param({"avx512_bf16": False, "amx_bf16": False, "avx2": True}, False, id="avx2 alone"),
        pytest.param({}, False, id="another architecture"),
    ],
)
def test_a_cpu_trains_in_bf16_only_if_it_has_instructions_for_it(monkeypatch, known, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: known)
    assert knows_bf16(torch.device("cpu")) is expected
