"""What a checkpoint becomes: weights with all that their manifest has to say of them."""

from dataclasses import replace
from io import StringIO

import pytest
import torch
from django.core.management import call_command
from django.utils import translation

from mlpipeline.detectors.manifest import read_manifest, write_manifest
from mlpipeline.management.commands import install_weights as command
from mlpipeline.training.install_weights import POSTPROCESSING, THRESHOLDS, Installation, install_weights
from mlpipeline.vision.errors import InvalidInput


def install(tmp_path, kind="detection", tensors=None, confidence=0.3, **options):
    checkpoint = tmp_path / "last.pt"
    torch.save({"weights": tensors or {"a": torch.zeros(2)}}, checkpoint)
    installation = Installation(kind, checkpoint, confidence=confidence, version="1", **options)
    return install_weights(installation, tmp_path / "weights")


def test_the_first_weights_of_each_kind_start_with_the_thresholds_of_the_training(tmp_path):
    assert install(tmp_path).thresholds == THRESHOLDS["detection"]
    assert install(tmp_path, "segmentation").postprocessing == POSTPROCESSING["segmentation"]
    assert set(read_manifest(tmp_path / "weights")) == {"detection", "segmentation"}


def test_later_weights_keep_what_was_measured(tmp_path):
    first = install(tmp_path)
    measured = replace(THRESHOLDS["detection"], crowd_log_odds=-0.4)
    write_manifest({"detection": replace(first, thresholds=measured)}, tmp_path / "weights")
    assert install(tmp_path).thresholds == measured
    assert read_manifest(tmp_path / "weights")["detection"].thresholds == measured


def test_a_blend_is_the_average_with_the_weights_that_were_the_default(tmp_path):
    install(tmp_path, tensors={"a": torch.tensor([0.0, 8.0]), "batches": torch.tensor(3)})
    blend = install(tmp_path, tensors={"a": torch.tensor([4.0, 0.0]), "batches": torch.tensor(5)}, blend=0.75)
    stored = torch.load(tmp_path / "weights" / blend.file, weights_only=True)["weights"]
    assert stored["a"].tolist() == [3.0, 2.0]
    assert stored["a"].dtype == torch.float16
    assert stored["batches"] == 5


def test_weights_of_another_architecture_are_not_averaged(tmp_path):
    install(tmp_path)
    default = (tmp_path / "weights" / "plants-yolo11n.pt").read_bytes()
    with pytest.raises(InvalidInput):
        install(tmp_path, tensors={"a": torch.zeros(3)}, blend=0.5)
    assert (tmp_path / "weights" / "plants-yolo11n.pt").read_bytes() == default


def test_a_confidence_in_per_cent_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(InvalidInput, match="17"):
        install(tmp_path, confidence=17)
    assert not (tmp_path / "weights").exists()


def test_who_installs_weights_is_told_to_restart_the_workers(tmp_path, monkeypatch):
    (tmp_path / "detection").mkdir()
    torch.save({"weights": {"a": torch.zeros(2)}}, tmp_path / "detection" / "last.pt")
    monkeypatch.setattr(command, "WEIGHTS_FOLDER", tmp_path / "weights")
    out = StringIO()
    with translation.override("en"):
        call_command("install_weights", "detection", confidence=0.3, release="1", folder=tmp_path, stdout=out)
    assert "Restart all workers" in out.getvalue()


@pytest.mark.parametrize("share", [0.0, 1.5])
def test_a_blend_is_a_share(tmp_path, share):
    with pytest.raises(InvalidInput):
        install(tmp_path, blend=share)
