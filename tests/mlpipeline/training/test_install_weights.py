"""What a checkpoint becomes: weights with all that their manifest has to say of them."""

from dataclasses import replace

import torch

from mlpipeline.detectors.manifest import read_manifest, write_manifest
from mlpipeline.training.install_weights import POSTPROCESSING, THRESHOLDS, Installation, install_weights


def install(tmp_path, kind="detection"):
    checkpoint = tmp_path / "last.pt"
    torch.save({"weights": {"a": torch.zeros(2)}}, checkpoint)
    return install_weights(Installation(kind, checkpoint, confidence=0.3, version="1"), tmp_path / "weights")


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
