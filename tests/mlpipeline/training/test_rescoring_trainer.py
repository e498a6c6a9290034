"""Training the second stage: it learns what is before its eyes, and becomes a part of the default detector."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from django.core.management import call_command
from django.core.management.base import CommandError

from mlpipeline.detectors.engines import shipped_weights
from mlpipeline.detectors.manifest import WEIGHTS_FOLDER, read_manifest, validate_weights
from mlpipeline.detectors.rescoring_network import CONTEXTS
from mlpipeline.detectors.torch_rescorer import TorchRescorer, read_network
from mlpipeline.training import rescoring_trainer
from mlpipeline.training.install_weights import Installation, install_rescoring, install_weights
from mlpipeline.training.rescoring_examples import NO_CLASS, STORED_PX, Examples
from mlpipeline.training.rescoring_job import LEARNING_RATE, train_rescoring
from mlpipeline.training.rescoring_trainer import REAL_WEIGHT, RescoringData, RescoringRun
from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.rescoring.neighbourhoods import neighbourhoods
from mlpipeline.vision.results import PLANT, Detections


def examples(count=48):
    """Green things are plants, grey ones are none; what the first stage says tells nothing."""
    rng = np.random.default_rng(0)
    labels = np.where(np.arange(count) % 2 == 0, PLANT, NO_CLASS).astype(np.int8)
    crops = rng.integers(90, 130, (count, len(CONTEXTS), STORED_PX, STORED_PX, 3)).astype(np.uint8)
    middle = slice(STORED_PX // 4, -STORED_PX // 4)
    crops[labels == PLANT, :, middle, middle] = (40, 190, 60)
    boxes = np.array([[40 * place, 0, 40 * place + 30, 30] for place in range(count)], np.float32)
    seen = Detections(boxes, np.full(count, 0.4), np.full(count, PLANT))
    return Examples(seen, neighbourhoods(seen, 0.17), crops, labels)


@pytest.fixture
def folder(tmp_path) -> Path:
    examples().save(tmp_path / "examples" / "easy_1.npz")
    return tmp_path


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr(rescoring_trainer, "BATCH", 32)


def test_real_pictures_weigh_less_and_all_of_one_picture_together_as_its_root(tmp_path):
    examples(4).save(tmp_path / "easy_1.npz")
    examples(16).save(tmp_path / "easy_2.npz")
    examples(4).save(tmp_path / "real_palms_1.npz")
    shares = RescoringData.read(sorted(tmp_path.glob("*.npz"))).shares
    sums = np.array([part.sum() for part in np.split(shares, [4, 20])])
    np.testing.assert_allclose(sums / sums[0], [1, 2, REAL_WEIGHT])
    assert shares.sum() == pytest.approx(1)


def test_without_examples_there_is_nothing_to_train_on(tmp_path):
    with pytest.raises(CommandError, match="no examples"):
        call_command("train", "rescoring", scenes=0, minutes=0.01, processes=1, folder=tmp_path)


@pytest.mark.parametrize("narrow", ["crops", "neighbourhoods"])
def test_examples_for_another_network_are_refused_by_name(tmp_path, narrow):
    fit = examples(4)
    fit.save(tmp_path / "rescoring" / "examples" / "easy_1.npz")
    replace(fit, **{narrow: getattr(fit, narrow)[:, :1]}).save(
        tmp_path / "rescoring" / "examples" / "easy_2.npz"
    )
    with pytest.raises(CommandError, match=r"easy_2\.npz"):
        call_command("train", "rescoring", scenes=0, minutes=0.01, processes=1, folder=tmp_path)


@pytest.mark.parametrize(
    ("option", "value"),
    [("imgsz", 416), ("start", Path("last.pt")), ("scene_px", (640, 720)), ("real_share", 0.5)],
)
def test_options_of_the_first_stage_are_refused(tmp_path, option, value):
    with pytest.raises(CommandError, match=option.replace("_", "-")):
        call_command("train", "rescoring", scenes=0, folder=tmp_path, **{option: value})


def test_there_is_nothing_to_resume_before_the_first_checkpoint(folder):
    with pytest.raises(FileNotFoundError, match="nothing to resume"):
        list(train_rescoring(folder, minutes=0.01, resume=True))


def test_a_training_goes_on_from_its_checkpoint(folder):
    list(train_rescoring(folder, minutes=0.005))
    before = torch.load(folder / "last.pt", weights_only=True)["rescoring"]["hidden.weight"]
    list(train_rescoring(folder, minutes=0.0001, learning_rate=1e-9, resume=True))
    after = torch.load(folder / "last.pt", weights_only=True)["rescoring"]["hidden.weight"]
    torch.testing.assert_close(after, before, atol=1e-4, rtol=0)


def test_a_training_begins_with_the_second_stage_of_the_weights(folder):
    detector = shipped_weights()["detection"]
    data = RescoringData.read([folder / "examples" / "easy_1.npz"])
    run = RescoringRun(data, detector.architecture, detector.path, LEARNING_RATE)
    shipped = torch.load(detector.path, weights_only=True)["rescoring"]["hidden.weight"]
    torch.testing.assert_close(run.network.hidden.weight.detach(), shipped.float())


def test_a_training_tells_plants_from_what_is_none(folder):
    detector = shipped_weights()["detection"]
    data = RescoringData.read([folder / "examples" / "easy_1.npz"])
    run = RescoringRun(data, detector.architecture, detector.path, LEARNING_RATE)
    first, last = run._step(0.5), [run._step(0.5) for _ in range(12)][-1]
    assert last < 0.6 * first


def test_a_checkpoint_becomes_the_second_stage_of_the_default_detector(folder):
    reports = list(train_rescoring(folder, minutes=0.01, learning_rate=LEARNING_RATE))
    assert reports[-1]["progress"] == 1
    weights_folder = folder / "weights"
    shutil.copytree(WEIGHTS_FOLDER, weights_folder)
    before = read_manifest(weights_folder)["detection"]
    after = install_rescoring(folder / "last.pt", 0.17, "2", weights_folder)
    assert after == read_manifest(weights_folder)["detection"]
    assert (after.sha256, after.name) != (before.sha256, before.name)
    assert validate_weights(after) is None
    stored = [
        torch.load(path, weights_only=True)["weights"] for path in (before.path, WEIGHTS_FOLDER / before.file)
    ]
    assert all(torch.equal(stored[0][name], stored[1][name]) for name in stored[1]), "the first stage stays"
    seen = examples(4)
    crops = np.ascontiguousarray(seen.crops[:, :, 8:-8, 8:-8])
    np.testing.assert_allclose(
        TorchRescorer(read_network(after)).classify(crops, seen.detections, seen.neighbourhoods).sum(axis=1),
        1,
        atol=1e-5,
    )


def test_a_new_first_stage_has_no_second_until_one_is_trained_on_it(folder):
    list(train_rescoring(folder, minutes=0.005, learning_rate=LEARNING_RATE))
    weights_folder = folder / "weights"
    shutil.copytree(WEIGHTS_FOLDER, weights_folder)
    install_rescoring(folder / "last.pt", 0.17, "2", weights_folder)
    detector = torch.load(WEIGHTS_FOLDER / "plants-yolo11n.pt", weights_only=True)["weights"]
    torch.save({"weights": detector}, folder / "first.pt")
    fresh = install_weights(Installation("detection", folder / "first.pt", 0.2, "3"), weights_folder)
    assert read_network(fresh) is None


def test_an_impossible_confidence_is_refused_before_anything_is_written(folder):
    shutil.copytree(WEIGHTS_FOLDER, folder / "weights")
    with pytest.raises(InvalidInput):
        install_rescoring(folder / "last.pt", 17, "2", folder / "weights")
    assert validate_weights(read_manifest(folder / "weights")["detection"]) is None
